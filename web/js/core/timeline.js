// The conversation in its order, and the window of it that is shown. No DOM, no clock.

/** @import { Message, Place, PlaceText } from '../../../types/frames' */

/** Rows in the window at most. Measured: 150 keeps a 10,000-message burst without long tasks. */
export const WINDOW_MAX = 150;
/** Rows the window moves by when the reader nears its edge. */
export const WINDOW_STEP = 50;
/** A live message is late when one that belongs below it arrived this much earlier (ms). */
export const LATE_LIVE_MS = 1_000;
/** The same for history, which a catch-up delivers author by author within some seconds (ms). */
export const LATE_HISTORY_MS = 10_000;
/** The same for what was said before this node joined: its first catch-up may take a while (ms). */
export const LATE_BEFORE_JOIN_MS = 60_000;

/** How many ms make a message late; `withinBatch`: also where what came with it is. */
/** @typedef {((message: Message) => number) & { withinBatch?: boolean }} Slack */
/** Where the reader is while messages are put in. */
/** @typedef {{ follow?: boolean, anchor?: string | null }} Reads */
/** @typedef {{ slack: Slack, ignoreAbove?: number } & Reads} MergeHow */

/** The greatest id there is. */
const LAST = 'f'.repeat(64);

/**
 * Lamport's total order: the counter, then the author's id (hex of equal length).
 * @param {Place} a
 * @param {Place} b
 */
export function compare(a, b) {
  if (a.lamport !== b.lamport) return a.lamport - b.lamport;
  return a.author < b.author ? -1 : a.author > b.author ? 1 : 0;
}

/**
 * A message's place as the node writes it: "L.AUTHOR".
 * @type {(message: Place) => PlaceText}
 */
export const place = (message) => `${message.lamport}.${message.author}`;

/**
 * Reads "L.AUTHOR"; null where there is none.
 * @param {PlaceText | null | undefined} text
 * @returns {Place | null}
 */
export function readPlace(text) {
  const dot = text ? text.indexOf('.') : -1;
  if (!text || dot < 1) return null;
  return { lamport: Number(text.slice(0, dot)), author: text.slice(dot + 1) };
}

/**
 * A place that nothing stands at, before every message of this one's counter.
 * @type {(at: Place) => Place}
 */
export const before = ({ lamport }) => ({ lamport: Math.max(0, lamport - 1), author: LAST });

/**
 * A place behind this one and before the next.
 * @type {(at: Place) => Place}
 */
export const behind = ({ lamport, author }) => ({ lamport, author: `${author}~` });

/**
 * The first index whose item is not before `at`.
 * @param {Place[]} items
 * @param {Place} at
 */
export function lowerBound(items, at) {
  let low = 0;
  let high = items.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (compare(items[middle], at) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Messages sorted by timestamp, found by id, and a window [from, to) of at most WINDOW_MAX. */
export class Timeline {
  constructor() {
    /** @type {Message[]} */
    this.items = [];
    /** @type {Map<string, Message>} */
    this.byId = new Map();
    this.from = 0;
    this.to = 0;
    this.earliestArrival = Infinity;
    /** What is held does not reach the newest message. */
    this.newer = false;
  }

  /**
   * Puts new messages in their places and renews known ones.
   * `slack(message)` is how many ms make it late; rows with an arrival number above `ignoreAbove`
   * do not make others late. `follow`: the reader is at the end. `anchor`: the id whose row must
   * stay in the window.
   * Returns the added ones in order, and those of them that are late.
   * @param {Message[]} batch
   * @param {MergeHow} how
   */
  merge(batch, { slack, ignoreAbove = Infinity, follow = false, anchor = null }) {
    const added = this.#unknown(batch);
    if (added.length === 0) return { added, late: [] };
    const items = this.items;
    const edges = { first: items[this.from], last: items[this.to - 1] };
    const showsEnd = this.to === items.length;
    const late = this.#insert(added, slack, ignoreAbove);
    this.#moveWindow(edges, showsEnd, follow, anchor);
    return { added, late };
  }

  /**
   * Renews those that are held.
   * @param {Message[]} batch
   */
  renew(batch) {
    for (const message of batch) this.#renews(message);
  }

  /**
   * Whether the message is held: it is renewed then.
   * @param {Message} message
   */
  #renews(message) {
    const known = this.byId.get(message.id);
    if (known) renew(known, message);
    return Boolean(known);
  }

  /**
   * Those that were not held, in order. Twice in one batch is once.
   * @param {Message[]} batch
   */
  #unknown(batch) {
    const added = batch.filter((message) => {
      if (this.#renews(message)) return false;
      this.byId.set(message.id, message);
      return true;
    });
    return added.sort(compare);
  }

  /**
   * Merges from the back: only what stands behind the earliest new one is moved.
   * @param {Message[]} added
   * @param {Slack} slack
   * @param {number} ignoreAbove
   */
  #insert(added, slack, ignoreAbove) {
    const items = this.items;
    /** @type {Message[]} */
    const late = [];
    let i = items.length - 1;
    let j = added.length - 1;
    let k = items.length + added.length - 1;
    const prepends = i >= 0 && compare(items[0], added[j]) > 0;
    if (prepends) this.items = added.concat(items);
    let earliest = prepends ? this.earliestArrival : Infinity;
    const olds = [];
    while (j >= 0) {
      if (!prepends && i >= 0 && compare(items[i], added[j]) > 0) {
        const passed = items[i--];
        if (passed.arrival <= ignoreAbove) earliest = Math.min(earliest, passed.arrived_at);
        items[k--] = passed;
        continue;
      }
      const message = added[j--];
      if (message.arrived_at - earliest >= slack(message)) {
        message.late = true;
        late.unshift(message);
      }
      // History comes in whole pages: its own rows may make each other late.
      if (message.arrival <= ignoreAbove) olds.push(message.arrived_at);
      if (slack.withinBatch) earliest = Math.min(earliest, message.arrived_at);
      if (!prepends) items[k--] = message;
    }
    for (const at of olds) this.earliestArrival = Math.min(this.earliestArrival, at);
    return late;
  }

  /**
   * @param {{ first: Message | undefined, last: Message | undefined }} edges
   * @param {boolean} showsEnd
   * @param {boolean} follow
   * @param {string | null} anchor
   */
  #moveWindow({ first, last }, showsEnd, follow, anchor) {
    const { items } = this;
    this.from = this.from === 0 || !first ? 0 : lowerBound(items, first);
    this.to = showsEnd || !last ? items.length : lowerBound(items, last) + 1;
    if (this.to - this.from <= WINDOW_MAX) return;
    const kept = anchor && this.byId.get(anchor);
    if (follow || !kept) {
      this.from = this.to - WINDOW_MAX;
      return;
    }
    const middle = lowerBound(items, kept) - WINDOW_MAX / 2;
    this.from = Math.max(this.from, Math.min(middle, this.to - WINDOW_MAX));
    this.to = Math.min(this.to, this.from + WINDOW_MAX);
  }

  /** The messages to show. */
  window() {
    return this.items.slice(this.from, this.to);
  }

  /** Moves the window towards older messages; false where it shows the oldest one held. */
  up() {
    if (this.from === 0) return false;
    this.from = Math.max(0, this.from - WINDOW_STEP);
    this.to = Math.min(this.to, this.from + WINDOW_MAX);
    return true;
  }

  /** Moves the window towards newer messages; false where it shows the newest. */
  down() {
    if (this.to === this.items.length) return false;
    this.to = Math.min(this.items.length, this.to + WINDOW_STEP);
    this.from = Math.max(this.from, this.to - WINDOW_MAX);
    return true;
  }

  /** Moves the window to the newest messages. */
  toEnd() {
    this.to = this.items.length;
    this.from = Math.max(this.from, this.to - WINDOW_MAX);
    if (this.to - this.from < WINDOW_STEP) this.from = Math.max(0, this.to - WINDOW_STEP);
  }

  /**
   * Keeps only the newest so many of the window, where it shows the end.
   * @param {number} rows
   */
  narrow(rows) {
    if (this.showsEnd) this.from = Math.max(this.from, this.to - rows);
  }

  /**
   * Moves the window so that it holds this message; false where it is not held.
   * @param {string} id
   */
  reveal(id) {
    const message = this.byId.get(id);
    if (!message) return false;
    const index = lowerBound(this.items, message);
    if (index >= this.from && index < this.to) return true;
    this.from = Math.max(0, index - WINDOW_STEP);
    this.to = Math.min(this.items.length, this.from + WINDOW_MAX);
    return true;
  }

  /** Whether the window reaches the newest message. */
  get showsEnd() {
    return this.to === this.items.length && !this.newer;
  }
}

const RANK = { kept: 0, delivered: 1, read: 2 };

/**
 * A mark once reached never goes back.
 * @param {Message} known
 * @param {Message} message
 */
function renew(known, message) {
  const state = RANK[known.state] > RANK[message.state] ? known.state : message.state;
  const final = known.final || message.final;
  Object.assign(known, message, { state, final, early: message.early });
}
