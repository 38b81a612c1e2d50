// What of the messages is on the screen.

/** A message is looked at in parts no higher than this (px): one may be higher than the window. */
const PART_PX = 64;

/** The row of the first message that is on the screen. */
export function firstVisible(scroller, list) {
  const edge = scroller.getBoundingClientRect().top;
  for (const row of list.querySelectorAll('[data-id]')) {
    if (row.getBoundingClientRect().bottom > edge) return row;
  }
  return null;
}

/**
 * `parts`: of each message that the reader is to see, in how many parts it stands and which are
 * wholly in view, for `Reader`. `first` and `last`: the messages at the top and at the bottom.
 */
export function shown(scroller, list, messageOf, { reading, lateUnseen }) {
  const { top, bottom } = scroller.getBoundingClientRect();
  const partPx = Math.min(PART_PX, (bottom - top) / 2);
  const parts = [];
  let [first, last] = [null, null];
  for (const row of list.querySelectorAll('[data-id]')) {
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
