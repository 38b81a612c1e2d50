// What this page cannot show, and says so.

import { el } from '../dom/el.js';

/** @import { Kind } from '../../../types/page' */

/** @type {(name: string, words: string) => Kind} */
const strange = (name, words) => ({
  name,
  row: (_message, t) => ({ text: t(words) }),
  show: (row) => [el('div', { class: 'text strange' }, row.text)],
});

/** The node cannot read it. */
export const unreadable = strange('unreadable', 'kind.unreadable');

/** A newer version wrote it. */
export const newer = strange('newer', 'kind.newer');
