// The clipboard.

import { el } from './el.js';

/**
 * Puts a text on the clipboard; also where the page is no secure context, and so has none.
 * @param {string} text
 */
export async function copied(text) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text).then(() => true, () => false);
  const area = el('textarea', { class: 'vh', 'aria-hidden': 'true' }, text);
  (document.querySelector('dialog[open]') ?? document.body).append(area);
  area.select();
  const done = document.execCommand('copy');
  area.remove();
  return done;
}
