// The Markdown that messages may use: bold, italic, strike, code, code block, quote, list, link.
// Everything else is shown as it was written. marked's lexer finds the marks; no HTML is ever made.

import { Lexer, Tokenizer } from '../vendor/marked/marked.js';
import { el } from './el.js';

/** Quotes and lists nest this deep at most; what is deeper stays as it was written. */
const DEPTH_MAX = 6;
/**
 * A text with more marks or lines, or a longer word, than this is shown as it was written: the
 * lexer's work may grow with their square.
 */
const MARKS_MAX = 1_000;
const LINES_MAX = 400;
const LONG = /\S{800}|[ \t]{200}/;
/** A greater number at a list's start is a year, not a place in a list. */
const START_MAX = 999;

const MARKS = /[*_~`[\]<>\\]|^[ \t]*(?:[-+]|\d+[.)])\s/gm;
/** Nothing of ours begins without one of these; most of what people write has none. */
const MAYBE = /[*_~`[\]<>\\@\n]|:\/\/|www\.|^\s*(?:[-+]|\d+[.)])/;
const DEEP = new RegExp(`^[ \\t]*(?:>[ \\t]*){${DEPTH_MAX + 1}}|^[ \\t]{24,}[-*\\d]`, 'm');
const LINK = /https?:\/\/[^\s<>"']+/gi;
/** A fence whose first line says more than a language would lose it. */
const FENCE = /^ {0,3}(?:```|~~~)[\w+-]{0,20}\n/;
const TRAILING = new Set('.,;:!?)]}');
const ADDRESS = /^(?:https?:\/\/|mailto:)/i;

class Words extends Tokenizer {
  /** A definition would vanish from the text; here it is words like any other. */
  def() {
    return undefined;
  }
}

/** The text as a tree: strings, and `{tag, attributes?, children}`. No DOM. */
export function parse(text) {
  if (!MAYBE.test(text)) return [text];
  const heavy = (text.match(MARKS)?.length ?? 0) > MARKS_MAX ||
    text.split('\n').length > LINES_MAX || LONG.test(text) || DEEP.test(text);
  if (heavy) return linked(text);
  const options = { gfm: true, breaks: true, tokenizer: new Words() };
  const blocks = blocksOf(new Lexer(options).lex(text), 0);
  // One paragraph alone needs no box: its time stands beside its last word.
  if (blocks.length === 1 && blocks[0].tag === 'p') return blocks[0].children;
  return blocks;
}

/** Words and web addresses alone. */
function linked(text) {
  const parts = [];
  let done = 0;
  for (const found of text.matchAll(LINK)) {
    let end = found[0].length;
    while (TRAILING.has(found[0][end - 1])) end -= 1;
    const href = found[0].slice(0, end);
    parts.push(text.slice(done, found.index), ...link({ href, text: href }));
    done = found.index + href.length;
  }
  return [...parts, text.slice(done)].filter((part) => part !== '');
}

const node = (tag, children, attributes = {}) => ({ tag, attributes, children });

/** Neighbouring blocks that are no Markdown of ours become one paragraph, as they were written. */
function blocksOf(tokens, depth) {
  const blocks = [];
  let written = null;
  for (const token of tokens) {
    const block = blockOf(token, depth);
    if (block === null && !(token.type === 'space' && !written)) {
      if (!written) blocks.push(written = node('p', ['']));
      written.children[0] += token.raw;
    } else if (block) {
      written = null;
      blocks.push(block);
    }
  }
  for (const block of blocks) {
    const last = block.tag === 'p' && block.children.length === 1 && block.children[0];
    if (typeof last === 'string') block.children[0] = last.replace(/^\n+|\s+$/g, '');
  }
  return blocks;
}

/** A block of ours; null where the token is to be shown as it was written. */
function blockOf(token, depth) {
  const { type, raw } = token;
  if (type === 'paragraph' || type === 'text') return node('p', inlineOf(token));
  if (depth >= DEPTH_MAX) return null;
  if (type === 'code' && FENCE.test(raw)) {
    return node('pre', [node('code', [token.text])], { tabindex: '0' });
  }
  if (type === 'blockquote') return node('blockquote', blocksOf(token.tokens, depth + 1));
  if (type !== 'list' || /^\s*\+/.test(raw) || token.start > START_MAX) return null;
  const items = token.items.map((item) => node('li', itemOf(item, depth + 1)));
  return token.ordered ? node('ol', items, { start: token.start }) : node('ul', items);
}

function itemOf(item, depth) {
  const blocks = blocksOf(item.tokens, depth);
  return blocks.flatMap((block, index) => {
    if (block.tag !== 'p') return [block];
    return blocks[index + 1]?.tag === 'p' ? [...block.children, '\n'] : block.children;
  });
}

const INLINE = { strong: 'strong', em: 'em', del: 's' };

function inlineOf(token) {
  if (!token.tokens) return [token.text ?? token.raw];
  return token.tokens.flatMap((inner) => {
    const { type, text, raw } = inner;
    if (INLINE[type]) return [node(INLINE[type], inlineOf(inner))];
    // The lexer reads entities; here they are words.
    if (type === 'text') return inner.tokens ? inlineOf(inner) : [raw];
    if (type === 'codespan') return [node('code', [text])];
    if (type === 'escape') return [text];
    if (type === 'br') return ['\n'];
    if (type === 'checkbox') return [inner.checked ? '☑ ' : '☐ '];
    if (type === 'link' && ADDRESS.test(inner.href)) return link(inner);
    return [raw];
  });
}

/** A link whose words are not its address says where it leads: no words can pose as another. */
function link(token) {
  const { href, text } = token;
  const made = node('a', inlineOf(token), {
    href, target: '_blank', rel: 'noopener noreferrer',
  });
  const bare = (address) => address.replace(ADDRESS, '').replace(/\/$/, '');
  // A host in other letters than the browser asks for may look like another's.
  const plainly = bare(text).toLowerCase().startsWith(hostOf(href).toLowerCase());
  const honest = bare(text) === bare(href) && plainly && !/^https?:\/\/[^/]*@/i.test(href);
  return honest ? [made] : [made, node('span', [` (${hostOf(href)})`], { class: 'host' })];
}

function hostOf(href) {
  try {
    const { host, pathname } = new URL(href);
    return host || pathname;
  } catch {
    return href;
  }
}

/** The text as nodes. */
export function markdown(text) {
  return parse(text).map(build);
}

function build(part) {
  if (typeof part === 'string') return document.createTextNode(part);
  return el(part.tag, part.attributes, ...part.children.map(build));
}

const BLOCKS = new Set(['p', 'pre', 'blockquote', 'ul', 'ol', 'li']);

/** The text without its marks, on one line: for a notification, or to be spoken. */
export function plain(text) {
  const words = (part) => {
    if (typeof part === 'string') return part;
    const inside = part.children.map(words).join('');
    return BLOCKS.has(part.tag) ? ` ${inside} ` : inside;
  };
  return parse(text).map(words).join('').replace(/\s+/g, ' ').trim();
}
