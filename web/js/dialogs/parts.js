// What several dialogs are made of.

import { initial } from '../core/text.js';
import { el } from '../dom/el.js';

/** @import { Children } from '../../../types/page' */

/**
 * Pairs of a heading and what is to be said under it; without that, none.
 * @param {(false | null | undefined | [what: string, is: Children])[]} pairs
 */
export const facts = (...pairs) => el('dl', { class: 'facts' },
  pairs.map((pair) => (pair && pair[1]
    ? el('div', {}, el('dt', {}, pair[0]), el('dd', {}, pair[1])) : null)));

/**
 * A button as wide as its dialog.
 * @param {string} id
 * @param {string} words
 * @param {() => void} onclick
 */
export const wide = (id, words, onclick) =>
  el('button', { type: 'button', class: 'wide', id, onclick }, words);

/**
 * A member's dot.
 * @param {string} hue
 * @param {string} name
 */
export const dot = (hue, name) =>
  el('span', { class: `dot ${hue}`, 'aria-hidden': 'true' }, initial(name));
