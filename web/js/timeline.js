// The order of messages and which of them are rendered. Knows no DOM.

/** Rows rendered of any length of history. */
export const WINDOW_MAX = 150;
/** Rows asked for, or let in, at a time. */
export const PAGE = 50;
/** Messages of one author this close, on one day, stand together: milliseconds. */
export const GROUP_MS = 3 * 60 * 1000;

/** The conversation's order: Lamport counter, then author. */
export function compare(a, b) {
  if (a.lamport !== b.lamport) return a.lamport - b.lamport;
  return a.author < b.author ? -1 : a.author > b.author ? 1 : 0;
}

/** The place of a message, as the node writes it. */
export const place = (message) => `${message.lamport}.${message.author}`;

/** Index at which `message` belongs in sorted `rows`; looks from the back, where it mostly is. */
export function position(rows, message) {
  let high = rows.length;
  if (high === 0 || compare(rows[high - 1], message) < 0) return high;
  let low = 0;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (compare(rows[middle], message) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Puts sorted `fresh` into sorted `rows`, in place. */
export function merge(rows, fresh) {
  let from = rows.length - 1;
  let to = rows.length + fresh.length - 1;
  let next = fresh.length - 1;
  rows.length += fresh.length;
  while (next >= 0) {
    if (from >= 0 && compare(rows[from], fresh[next]) > 0) rows[to--] = rows[from--];
    else rows[to--] = fresh[next--];
  }
}

/** The rendered part `[start, end)` that keeps `focus` (an index) inside. */
export function windowAround(total, focus, size = WINDOW_MAX) {
  const start = Math.max(0, Math.min(focus - Math.floor(size / 2), total - size));
  return { start, end: Math.min(total, start + size) };
}

/** Whether two neighbours in order stand in one group. */
export function grouped(before, message) {
  return (
    before !== undefined &&
    before.kind === "text" &&
    message.kind === "text" &&
    before.author === message.author &&
    Math.abs(message.at - before.at) < GROUP_MS &&
    new Date(before.at).toDateString() === new Date(message.at).toDateString()
  );
}
