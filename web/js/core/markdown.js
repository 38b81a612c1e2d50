// The Markdown that messages may use: bold, italic, strike, code, code block, quote, list, link.
// Everything else is shown as it was written. marked's lexer finds the marks; no HTML is ever made.
// No DOM.

import { Lexer, Tokenizer } from '../../vendor/marked/marked.js';
import { addressAt, split, target } from './links.js';

/** @import { Written, WrittenNode } from '../../../types/page' */
/** @import { Token } from '../../vendor/marked/marked.js' */

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
/** A fence whose first line says more than a language would lose it. */
const FENCE = /^ {0,3}(?:```|~~~)[\w+-]{0,20}\n/;
const ADDRESS = /^(?:https?:\/\/|mailto:)/i;
const QUOTED = /^(?: {0,3}>[^\n]*(?:\n|$))+/;
/** A line at the margin, after a list, that is no item of it. */
const AFTER_LIST = /\n(?=\S)(?!(?:[-*+]|\d{1,9}[.)])(?:[ \t\n]|$))/;
/** A letter or number of a script that sets words apart: no emphasis begins or ends inside one. */
const IN_WORD = new RegExp(`(?![${['Han', 'Hira', 'Kana', 'Hang', 'Thai', 'Laoo', 'Khmr', 'Mymr']
  .map((script) => `\\p{sc=${script}}`).join('')}])[\\p{L}\\p{N}]`, 'u');

/** CommonMark less what surprises in a chat: what is no mark of ours stays as it was written. */
class Words extends Tokenizer {
  /** A definition would vanish from the text; here it is words like any other. */
  def() {
    return undefined;
  }

  /** Indented lines are lines. */
  code() {
    return undefined;
  }

  /**
   * An answer on the line below a quote is not part of it.
   * @param {string} src
   */
  blockquote(src) {
    const own = QUOTED.exec(src);
    return own ? super.blockquote(own[0]) : undefined;
  }

  /** @param {string} src */
  list(src) {
    const end = src.search(AFTER_LIST);
    return super.list(end < 0 ? src : src.slice(0, end));
  }

  /**
   * Names are full of underscores, sums of asterisks.
   * @param {string} src
   * @param {string} mask
   * @param {string} before
   */
  emStrong(src, mask, before) {
    const found = src[0] === '*' ? super.emStrong(src, mask, before) : undefined;
    const inWord = found && (IN_WORD.test(before) || IN_WORD.test(src.charAt(found.raw.length)));
    return inWord ? { type: 'text', raw: /^\*+/.exec(src)?.[0] ?? '' } : found;
  }

  /**
   * @param {string} src
   * @param {string} mask
   * @param {string} before
   */
  del(src, mask, before) {
    return /^~~(?!~)/.test(src) ? super.del(src, mask, before) : undefined;
  }

  /** @param {string} src */
  url(src) {
    const text = addressAt(src);
    if (!text) return /^[a-z]+:|^www\./i.test(src) ? undefined : super.url(src);
    const tokens = [{ type: 'text', raw: text }];
    return { type: 'link', raw: text, text, href: target(text), tokens };
  }
}

/**
 * The text as a tree: strings, and `{tag, attributes?, children}`. No DOM.
 * @param {string} text
 * @returns {Written[]}
 */
export function parse(text) {
  if (!MAYBE.test(text)) return [text];
  const heavy = (text.match(MARKS)?.length ?? 0) > MARKS_MAX ||
    text.split('\n').length > LINES_MAX || LONG.test(text) || DEEP.test(text);
  const blocks = heavy ? null : lexed(text);
  if (!blocks) return linked(text);
  // One paragraph alone needs no box: its time stands beside its last word.
  const [first] = blocks;
  return blocks.length === 1 && first?.tag === 'p' ? first.children : blocks;
}

/**
 * The blocks; null where the lexer fails: that must cost a text its marks and nothing else.
 * @param {string} text
 */
function lexed(text) {
  try {
    const options = { gfm: true, breaks: true, tokenizer: new Words() };
    return blocksOf(new Lexer(options).lex(text), 0);
  } catch {
    return null;
  }
}

/**
 * Words and web addresses alone.
 * @param {string} text
 * @returns {Written[]}
 */
function linked(text) {
  return split(text).flatMap((part) => {
    if (typeof part === 'string') return [/** @type {Written} */ (part)];
    return link({ href: target(part.address), text: part.address });
  });
}

/**
 * @type {(tag: string, children: Written[], attributes?: Record<string, unknown>) => WrittenNode}
 */
const node = (tag, children, attributes = {}) => ({ tag, attributes, children });

/**
 * Blank lines above one, which the space between blocks stands for.
 * @param {string} space
 */
const moreLines = (space) => '\n'.repeat(Math.max(0, space.split('\n').length - 3));

/**
 * Neighbouring blocks that are no Markdown of ours become one paragraph, as they were written.
 * @param {Token[]} tokens
 * @param {number} depth
 */
function blocksOf(tokens, depth) {
  /** @type {WrittenNode[]} */
  const blocks = [];
  let written = '';
  let above = '';
  /** @param {WrittenNode} block */
  const add = (block) => {
    if (above && block.tag === 'p') block.children.unshift(above);
    else if (above) blocks.push(node('p', [above]));
    above = '';
    blocks.push(block);
  };
  const addWritten = () => {
    const text = written.trimEnd();
    if (text) add(node('p', linked(text)));
    above ||= moreLines(written.slice(text.length));
    written = '';
  };
  for (const token of tokens) {
    const block = blockOf(token, depth);
    if (token.type === 'space' && !written) above = blocks.length > 0 ? moreLines(token.raw) : '';
    else if (!block) written += token.raw;
    else {
      if (written) addWritten();
      add(block);
    }
  }
  if (written) addWritten();
  return blocks;
}

/**
 * A block of ours; null where the token is to be shown as it was written.
 * @param {Token} token
 * @param {number} depth
 * @returns {WrittenNode | null}
 */
function blockOf(token, depth) {
  const { type, raw } = token;
  if (type === 'paragraph' || type === 'text') return node('p', inlineOf(token));
  if (depth >= DEPTH_MAX) return null;
  if (type === 'code' && FENCE.test(raw)) {
    return node('pre', [node('code', [token.text ?? ''])], { tabindex: '0' });
  }
  if (type === 'blockquote') return node('blockquote', blocksOf(token.tokens ?? [], depth + 1));
  return type === 'list' ? listOf(token, depth) : null;
}

/**
 * @param {Token} list
 * @param {number} depth
 */
function listOf({ raw, ordered, start, items = [] }, depth) {
  // Numbers that a list would write otherwise stay in the text.
  if (/^\s*\+/.test(raw) || Number(start) > START_MAX) return null;
  if (ordered && items.some((item) => /^\s*0\d/.test(item.raw))) return null;
  const made = items.map((item) => node('li', itemOf(item, depth + 1), {
    class: item.task ? 'task' : undefined, value: ordered ? parseInt(item.raw, 10) : undefined,
  }));
  return ordered ? node('ol', made, { class: /^\s*\d+\)/.test(raw) ? 'round' : undefined })
    : node('ul', made);
}

/**
 * @param {Token} item
 * @param {number} depth
 * @returns {Written[]}
 */
function itemOf(item, depth) {
  const blocks = blocksOf((item.tokens ?? []).filter((token) => token.type !== 'checkbox'), depth);
  /** @type {Written[]} */
  const parts = blocks.flatMap((block, index) => {
    if (block.tag !== 'p') return /** @type {Written[]} */ ([block]);
    return blocks[index + 1]?.tag === 'p' ? [...block.children, '\n'] : [...block.children];
  });
  return item.task ? [item.checked ? '☑ ' : '☐ ', ...parts] : parts;
}

/** @type {Record<string, string>} */
const INLINE = { strong: 'strong', em: 'em', del: 's' };

/**
 * Words within a link hold no further links.
 * @param {Token} token
 * @param {boolean} inLink
 * @returns {Written[]}
 */
function inlineOf(token, inLink = false) {
  /** @param {string} text */
  const words = (text) => (inLink ? [text] : linked(text));
  if (!token.tokens) return words(token.text ?? token.raw);
  return token.tokens.flatMap((inner) => {
    const { type, raw } = inner;
    const tag = INLINE[type];
    if (tag) return [node(tag, inlineOf(inner, inLink))];
    // The lexer reads entities; here they are words.
    if (type === 'text') return inner.tokens ? inlineOf(inner, inLink) : words(raw);
    if (type === 'codespan') return [node('code', [spanned(raw)])];
    if (type === 'checkbox') return [];
    if (type === 'link' && ADDRESS.test(inner.href ?? '') && !inner.title) {
      return raw.startsWith('<') ? ['<', ...link(inner), '>'] : link(inner);
    }
    // A title would be lost.
    return inner.title ? words(raw) : [raw];
  });
}

/**
 * Code between backquotes, with its lines; one space on either side is the backquotes'.
 * @param {string} raw
 */
function spanned(raw) {
  const quotes = (/^`+/.exec(raw)?.[0] ?? '').length;
  const code = raw.slice(quotes, -quotes);
  return /^ .*\S.* $/s.test(code) ? code.slice(1, -1) : code;
}

/**
 * A link whose words are not its address says where it leads: no words can pose as another.
 * @param {Pick<Token, 'href' | 'text' | 'tokens'>} token
 */
function link(token) {
  const { href = '', text = '', tokens } = token;
  const made = node('a', inlineOf({ type: 'link', raw: text, text, tokens }, true), {
    href, target: '_blank', rel: 'noopener noreferrer',
  });
  /** @param {string} address */
  const bare = (address) => address.replace(ADDRESS, '').replace(/\/$/, '');
  // A host in other letters than the browser asks for may look like another's.
  const plainly = bare(text).toLowerCase().startsWith(hostOf(href).toLowerCase());
  const honest = bare(text) === bare(href) && plainly && !/^https?:\/\/[^/]*@/i.test(href);
  return honest ? [made] : [made, node('span', [` (${hostOf(href)})`], { class: 'host' })];
}

/** @param {string} href */
function hostOf(href) {
  try {
    const { host, pathname } = new URL(href);
    return host || pathname;
  } catch {
    return href;
  }
}

const BLOCKS = new Set(['p', 'pre', 'blockquote', 'ul', 'ol', 'li']);

/**
 * The text without its marks, on one line: for a notification, or to be spoken.
 * @param {string} text
 */
export function plain(text) {
  /** @type {(part: Written) => string} */
  const words = (part) => {
    if (typeof part === 'string') return part;
    const inside = part.children.map(words).join('');
    return BLOCKS.has(part.tag) ? ` ${inside} ` : inside;
  };
  return parse(text).map(words).join('').replace(/\s+/g, ' ').trim();
}
