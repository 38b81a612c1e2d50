// Copying. Out of the log: who said it, when, and the words; nothing that stands beside them.

import { setIn } from '../core/text.js';

const BLOCK = /^(?:P|PRE|LI|BLOCKQUOTE|UL|OL)$/;

/** Messages as lines; one alone is its words. */
export function lines(parts) {
  if (parts.length === 1) return parts[0].text;
  return parts.map(({ name, time, text }) => (name ? `${name}, ${time}: ${setIn(text)}` : text))
    .join('\n');
}

/** Answers the browser where it is to copy what is selected in the log. */
export function copying(list, { store, outbox, lang }) {
  /** Who says what in a row: as it was written. */
  const said = ({ dataset: { id, ref } }) => {
    const { author, name, at, text } = store.timeline.byId.get(id) ??
      { ...outbox.find(ref), author: store.me };
    return { name: store.nameOf(author, name), time: lang.time(at), text };
  };
  list.addEventListener('copy', (event) => {
    const range = getSelection().rangeCount > 0 && getSelection().getRangeAt(0);
    // Within one text the browser knows best.
    if (!range || elementOf(range.commonAncestorContainer).closest('.text')) return;
    const parts = [...list.querySelectorAll('.m, .system')].flatMap((row) => {
      const place = row.querySelector('.text, :scope > bdi');
      const text = place ? selected(range, place) : '';
      if (text === '') return [];
      if (row.matches('.system')) return [{ text }];
      const whole = said(row);
      return [{ ...whole, text: text === wordsIn(place) ? whole.text ?? text : text }];
    });
    if (parts.length === 0) return;
    event.clipboardData.setData('text/plain', lines(parts));
    event.preventDefault();
  });
}

const elementOf = (node) => (node.nodeType === Node.ELEMENT_NODE ? node : node.parentElement);

/** The words of an element that are selected. */
function selected(range, element) {
  if (!range.intersectsNode(element)) return '';
  const part = range.cloneRange();
  if (range.comparePoint(element, 0) > -1) part.setStart(element, 0);
  if (range.comparePoint(element, element.childNodes.length) < 1) {
    part.setEnd(element, element.childNodes.length);
  }
  return wordsIn(part.cloneContents());
}

/** Text as it is seen: blocks stand on lines of their own. */
function wordsIn(node) {
  if (node.nodeType === Node.TEXT_NODE) return node.data;
  const inner = Array.from(node.childNodes, wordsIn).join('');
  return BLOCK.test(node.nodeName) ? `${inner.replace(/\n$/, '')}\n` : inner;
}
