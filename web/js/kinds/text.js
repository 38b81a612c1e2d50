// What people write.

import { emojiOnly } from '../core/text.js';
import { el } from '../dom/el.js';
import { markdown } from '../dom/markdown.js';

/** @import { Kind, RowTools, TextRow } from '../../../types/page' */

/** A longer text is folded behind "show more": characters, or lines. */
const LONG_CHARACTERS = 1_500;
const LONG_LINES = 20;

/**
 * A few emoji alone stand large, without a bubble.
 * @param {TextRow} row
 */
const isBare = (row) => !row.folded && !row.failed && emojiOnly(row.text) > 0;

/**
 * The text's element, and the button that unfolds it.
 * @param {TextRow} row
 * @param {RowTools} tools
 */
function show(row, { t, unfolded, onUnfold }) {
  if (isBare(row)) return [el('div', { class: 'text big' }, row.text.trim())];
  const nodes = markdown(row.text);
  const block = nodes.some((node) => /^(PRE|BLOCKQUOTE|OL|UL|P)$/.test(node.nodeName));
  const long = row.text.length > LONG_CHARACTERS || row.text.split('\n').length > LONG_LINES;
  const folds = long && !unfolded.has(row.key);
  const body = el('div', {
    class: `text${block ? ' blocks' : ''}${folds ? ' folded' : ''}`, dir: 'auto',
  }, nodes);
  if (!folds) return [body];
  const more = el('button', {
    type: 'button', class: 'more',
    onclick: () => {
      unfolded.add(row.key);
      body.classList.remove('folded');
      more.remove();
      onUnfold();
    },
  }, t('show.more'));
  return [body, more];
}

/** @type {Kind & Required<Pick<Kind, 'isBare' | 'show'>>} */
export const text = {
  name: 'text',
  text: (message) => message.text,
  row: (message) => ({ text: message.text }),
  isBare,
  show,
};
