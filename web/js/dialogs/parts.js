// What several dialogs are made of.

import { initial } from '../core/text.js';
import { el } from '../dom/el.js';

/** Pairs of a heading and what is to be said under it; without that, none. */
export const facts = (...pairs) => el('dl', { class: 'facts' },
  pairs.filter((pair) => pair && pair[1]).map(([what, is]) =>
    el('div', {}, el('dt', {}, what), el('dd', {}, is))));

/** A button as wide as its dialog. */
export const wide = (id, words, onclick) =>
  el('button', { type: 'button', class: 'wide', id, onclick }, words);

/** A member's dot. */
export const dot = (hue, name) =>
  el('span', { class: `dot ${hue}`, 'aria-hidden': 'true' }, initial(name));
