// Keys that work anywhere on the page, and the list of all that there are.

import { el } from '../dom/el.js';
import { dialog } from './dialog.js';

/** Keys as they are written on a keyboard, and the words for what they do. */
const SHORTCUTS = [
  [['Enter'], 'keys.send'],
  [['Shift', 'Enter'], 'keys.break'],
  [['a–z'], 'keys.write'],
  [['↑'], ['↓'], 'keys.walk'],
  [['Home'], ['End'], 'keys.ends'],
  [['Enter'], 'keys.details'],
  [['Tab'], 'keys.within'],
  [['Esc'], 'keys.close'],
  [['?'], 'keys.list'],
];

/** Shows the list. */
export function shortcuts(t) {
  const combined = (keys) => keys.flatMap((key, index) => [index > 0 && ' + ', el('kbd', {}, key)]);
  dialog(t, t('keys'), { id: 'shortcuts' }, el('dl', { class: 'keys' },
    SHORTCUTS.map((entry) => el('div', {},
      el('dt', {}, entry.slice(0, -1).flatMap((keys) => [combined(keys), ' ']).flat()),
      el('dd', {}, t(entry.at(-1)))))));
}

const WRITTEN_INTO = /^(INPUT|TEXTAREA|SELECT)$/;
const OWN_KEYS = /^(BUTTON|A|SUMMARY)$/;

/**
 * Who begins to type where nothing is to be typed into means the composer; `?` asks for the list.
 */
export function keys(document, composer, t) {
  document.addEventListener('keydown', (event) => {
    const plainKey = event.key.length === 1 && !event.ctrlKey && !event.metaKey && !event.altKey;
    const { tagName } = event.target;
    if (!plainKey || WRITTEN_INTO.test(tagName) || document.querySelector('dialog[open]')) return;
    if (event.key === '?') {
      event.preventDefault();
      shortcuts(t);
    } else if (event.key !== ' ' && !OWN_KEYS.test(tagName) && !composer.disabled) {
      composer.focus();
    }
  });
}
