// Keys that work anywhere on the page, and the list of all that there are.

import { el } from '../dom/el.js';
import { dialog } from './dialog.js';

/** @import { Translate } from '../../../types/page' */

/** Keys as they are written on a keyboard, and the words for what they do. */
/** @type {{ keys: string[][], does: string }[]} */
const SHORTCUTS = [
  { keys: [['Enter']], does: 'keys.send' },
  { keys: [['Shift', 'Enter']], does: 'keys.break' },
  { keys: [['a–z']], does: 'keys.write' },
  { keys: [['↑'], ['↓']], does: 'keys.walk' },
  { keys: [['Home'], ['End']], does: 'keys.ends' },
  { keys: [['Enter']], does: 'keys.details' },
  { keys: [['Tab']], does: 'keys.within' },
  { keys: [['Esc']], does: 'keys.close' },
  { keys: [['?']], does: 'keys.list' },
];

/**
 * Shows the list.
 * @param {Translate} t
 */
export function shortcuts(t) {
  /** @param {string[]} keys */
  const combined = (keys) => keys.flatMap((key, index) => [index > 0 && ' + ', el('kbd', {}, key)]);
  dialog(t, t('keys'), { id: 'shortcuts' }, el('dl', { class: 'keys' },
    SHORTCUTS.map((entry) => el('div', {},
      el('dt', {}, entry.keys.flatMap((keys) => [...combined(keys), ' '])),
      el('dd', {}, t(entry.does))))));
}

const WRITTEN_INTO = /^(INPUT|TEXTAREA|SELECT)$/;
const OWN_KEYS = /^(BUTTON|A|SUMMARY)$/;

/**
 * Who begins to type where nothing is to be typed into means the composer; `?` asks for the list.
 * @param {Document} document
 * @param {HTMLTextAreaElement} composer
 * @param {Translate} t
 */
export function keys(document, composer, t) {
  document.addEventListener('keydown', (event) => {
    const plainKey = event.key.length === 1 && !event.ctrlKey && !event.metaKey && !event.altKey;
    const { tagName } = /** @type {Element} */ (event.target);
    if (!plainKey || WRITTEN_INTO.test(tagName) || document.querySelector('dialog[open]')) return;
    if (event.key === '?') {
      event.preventDefault();
      shortcuts(t);
    } else if (event.key !== ' ' && !OWN_KEYS.test(tagName) && !composer.disabled) {
      composer.focus();
    }
  });
}
