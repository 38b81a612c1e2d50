// Copying. Out of the log: who said it, when, and the words; nothing that stands beside them.

import { setIn } from '../core/text.js';

/** @import { Language, Outbox, Store } from '../../../types/page' */
/** @typedef {{ text: string, name?: string, time?: string }} Said */

const BLOCK = /^(?:P|PRE|LI|BLOCKQUOTE|UL|OL)$/;

/**
 * Messages as lines; one alone is its words.
 * @param {Said[]} parts
 */
export function lines(parts) {
  if (parts.length === 1) return parts[0].text;
  return parts.map(({ name, time, text }) => (name ? `${name}, ${time}: ${setIn(text)}` : text))
    .join('\n');
}

/**
 * Answers the browser where it is to copy what is selected in the log.
 * @param {HTMLElement} list
 * @param {{ store: Store, outbox: Outbox, lang: Language }} parts
 */
export function copying(list, { store, outbox, lang }) {
  /**
   * Who says what in a row: as it was written.
   * @param {HTMLElement} row
   */
  const said = ({ dataset: { id, ref } }) => {
    const { author, name, at, text } = store.timeline.byId.get(id ?? '') ??
      { at: NaN, name: '', text: undefined, ...outbox.find(ref ?? ''), author: store.me };
    return { name: store.nameOf(author, name), time: lang.time(at), text };
  };
  list.addEventListener('copy', (event) => {
    const selection = getSelection();
    const range = selection && selection.rangeCount > 0 && selection.getRangeAt(0);
    // Within one text the browser knows best.
    if (!range || elementOf(range.commonAncestorContainer)?.closest('.text')) return;
    /** @type {NodeListOf<HTMLElement>} */
    const rows = list.querySelectorAll('.m, .system');
    const parts = [...rows].flatMap((row) => {
      const place = row.querySelector('.text, :scope > bdi');
      const text = place ? selected(range, place) : '';
      if (text === '') return [];
      if (row.matches('.system')) return [{ text }];
      const whole = said(row);
      const all = place && text === wordsIn(place);
      return [{ ...whole, text: all ? whole.text ?? text : text }];
    });
    if (parts.length === 0) return;
    event.clipboardData?.setData('text/plain', lines(parts));
    event.preventDefault();
  });
}

/** @type {(node: Node) => Element | null} */
const elementOf = (node) => (node instanceof Element ? node : node.parentElement);

/**
 * The words of an element that are selected.
 * @param {Range} range
 * @param {Element} element
 */
function selected(range, element) {
  if (!range.intersectsNode(element)) return '';
  const part = range.cloneRange();
  if (range.comparePoint(element, 0) > -1) part.setStart(element, 0);
  if (range.comparePoint(element, element.childNodes.length) < 1) {
    part.setEnd(element, element.childNodes.length);
  }
  return wordsIn(part.cloneContents());
}

/**
 * Text as it is seen: blocks stand on lines of their own.
 * @param {Node} node
 * @returns {string}
 */
function wordsIn(node) {
  if (node instanceof Text) return node.data;
  const inner = Array.from(node.childNodes, wordsIn).join('');
  return BLOCK.test(node.nodeName) ? `${inner.replace(/\n$/, '')}\n` : inner;
}
