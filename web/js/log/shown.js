// What of the messages is on the screen.

/** @import { Message } from '../../../types/frames' */
/** @import { Store } from '../../../types/page' */
/** @import { Part } from '../core/reading.js' */

/** A message is looked at in parts no higher than this (px): one may be higher than the window. */
const PART_PX = 64;

/** @type {(list: HTMLElement) => NodeListOf<HTMLElement>} */
const rowsIn = (list) => list.querySelectorAll('[data-id]');

/**
 * The row of the first message that is on the screen.
 * @param {HTMLElement} scroller
 * @param {HTMLElement} list
 * @returns {HTMLElement | null}
 */
export function firstVisible(scroller, list) {
  const edge = scroller.getBoundingClientRect().top;
  for (const row of rowsIn(list)) {
    if (row.getBoundingClientRect().bottom > edge) return row;
  }
  return null;
}

/**
 * `parts`: of each message that the reader is to see, in how many parts it stands and which are
 * wholly in view, for `Reader`. `first` and `last`: the messages at the top and at the bottom.
 * @param {HTMLElement} scroller
 * @param {HTMLElement} list
 * @param {(row: HTMLElement) => Message | null} messageOf
 * @param {Pick<Store, 'reading' | 'lateUnseen'>} store
 */
export function shown(scroller, list, messageOf, { reading, lateUnseen }) {
  const { top, bottom } = scroller.getBoundingClientRect();
  const partPx = Math.min(PART_PX, (bottom - top) / 2);
  /** @type {Part[]} */
  const parts = [];
  /** @type {Message | null} */
  let first = null;
  /** @type {Message | null} */
  let last = null;
  for (const row of rowsIn(list)) {
    const box = row.getBoundingClientRect();
    if (box.bottom <= top) continue;
    if (box.top >= bottom) break;
    const message = messageOf(row);
    if (!message) continue;
    first ??= message;
    last = message;
    if (!reading.open.has(message.id) && !lateUnseen.has(message.id)) continue;
    const of = Math.max(1, Math.ceil(box.height / partPx));
    const from = Math.max(0, Math.ceil((top - box.top - 1) / partPx));
    const to = box.bottom <= bottom + 1 ? of : Math.floor((bottom - box.top + 1) / partPx);
    // What could not be made is not to be seen either.
    const folded = row.matches('.broken, :has(.folded)');
    if (to > from) parts.push({ id: message.id, of, from, to, folded });
  }
  return { parts, first, last };
}
