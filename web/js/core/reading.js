// What was read: of each author, how far without a hole. A receipt says "up to here", so a message
// that was not on the screen holds back those of its author that were. No DOM, no clock.

import { behind, compare, lowerBound, readPlace } from './timeline.js';

/** @import { Id, Marks, Message, Place, Unread } from '../../../types/frames' */
/** @import { Clock, Store, TimerId } from '../../../types/page' */

export class Reading {
  /**
   * `store`: who the reader is and what is held.
   * @param {Store} store
   */
  constructor(store) {
    this.store = store;
    /**
     * Author to the last seq that was read, or that needs no reading, with all before it.
     * @type {Map<Id, number>}
     */
    this.marks = new Map();
    /**
     * Ids beyond their author's mark that were on the screen, or need no reading.
     * @type {Set<string>}
     */
    this.seen = new Set();
    /**
     * Marks that the node was not told yet.
     * @type {Map<Id, number>}
     */
    this.untold = new Map();
    /**
     * Authors whose marks it was told on this link.
     * @type {Set<Id>}
     */
    this.told = new Set();
    /** What had arrived by this number is read, where its author has no mark. */
    this.base = Infinity;
    /** Authors without a mark may be behind all the same. */
    this.partial = true;
    /** Messages that are not read, met by the page or not. */
    this.count = 0;
    /**
     * Those that the page has met, by id.
     * @type {Map<string, Message>}
     */
    this.open = new Map();
    /** @type {Message[] | null} */
    this.sorted = null;
    /**
     * The own first message, where it was met.
     * @type {Message | null}
     */
    this.since = null;
    /**
     * Place of the first one, where the page has not met it.
     * @type {Place | null}
     */
    this.low = null;
  }

  /**
   * Takes what a fresh `welcome` says. A node that says no marks is told none.
   * @param {{ read?: Unread, arrival: number }} welcome
   */
  begin({ read, arrival }) {
    this.base = arrival;
    this.partial = !read?.behind || Boolean(read.more);
    for (const [author, seq] of Object.entries(read?.behind ?? {})) this.marks.set(author, seq);
    this.count = read?.count ?? 0;
    this.low = readPlace(read?.first);
  }

  /**
   * Whether a message has to be on the screen before anything after it counts as read.
   * @param {Message} message
   */
  needs(message) {
    const { me, members, kinds } = this.store;
    if (message.author === me || kinds.isLine(message)) return false;
    const disputed = members.get(message.author)?.disputed;
    if (disputed && message.seq >= disputed) return false;
    // Nobody waits for a member to read what was said before it came.
    const since = this.since ?? members.get(me ?? '')?.since;
    return since ? compare(message, since) > 0 : false;
  }

  /**
   * Whether a message is one of those still to be read.
   * @param {Message} message
   */
  unread(message) {
    const mark = this.marks.get(message.author);
    const beyond = mark === undefined ? message.arrival > this.base : message.seq > mark;
    return beyond && !this.seen.has(message.id) && this.needs(message);
  }

  /**
   * Takes note of messages. `fresh`: they have just arrived, in the order of arrival.
   * @param {Message[]} messages
   * @param {boolean} fresh
   */
  learn(messages, fresh) {
    for (const message of messages) {
      const { author, seq, id } = message;
      if (author === this.store.me) {
        if (seq === 1 && this.store.kinds.of(message).names) this.since = message;
        continue;
      }
      if (fresh && message.arrival > this.base && !this.partial && !this.marks.has(author)) {
        this.marks.set(author, seq - 1);
      }
      if (this.unread(message)) {
        if (fresh) this.count += 1;
        this.open.set(id, message);
        this.sorted = null;
      } else if (seq > (this.marks.get(author) ?? Infinity)) {
        this.seen.add(id);
        this.#advance(author);
      }
    }
    if (this.low && this.store.history.holds(this.low)) this.low = null;
    this.count = Math.max(this.count, this.open.size);
  }

  /**
   * These were on the screen. Returns whether there is something to tell.
   * @param {string[]} ids
   */
  see(ids) {
    /** @type {Set<Id>} */
    const authors = new Set();
    for (const id of ids) {
      const message = this.open.get(id);
      if (!message) continue;
      this.#close(id);
      this.seen.add(id);
      authors.add(message.author);
    }
    for (const author of authors) this.#advance(author);
    return this.untold.size > 0;
  }

  /** @param {string} id */
  #close(id) {
    this.open.delete(id);
    this.sorted = null;
    this.count -= 1;
  }

  /** @param {Id} author */
  #advance(author) {
    const before = this.marks.get(author);
    if (before === undefined) return;
    let mark = before;
    while (this.seen.delete(`${author}:${mark + 1}`)) mark += 1;
    if (mark === before) return;
    this.marks.set(author, mark);
    this.untold.set(author, mark);
  }

  /**
   * What the node is to be told, once.
   * @returns {Marks}
   */
  tell() {
    const marks = Object.fromEntries(this.untold);
    for (const author of this.untold.keys()) this.told.add(author);
    this.untold.clear();
    return marks;
  }

  /** The link is lost, and perhaps what was said on it: it is said again. */
  lost() {
    for (const author of this.told) this.untold.set(author, this.marks.get(author) ?? 0);
    this.told.clear();
  }

  /**
   * Takes marks that another page of this reader has told.
   * @param {Marks} marks
   */
  take(marks) {
    for (const [author, seq] of Object.entries(marks)) {
      // Without a mark the author has nothing that is not read.
      if ((this.marks.get(author) ?? Infinity) >= seq) continue;
      this.marks.set(author, seq);
      this.#advance(author);
    }
    for (const message of [...this.open.values()]) {
      if (!this.unread(message)) this.#close(message.id);
    }
  }

  #inOrder() {
    this.sorted ??= [...this.open.values()].sort(compare);
    return this.sorted;
  }

  /**
   * The first message that is not read: it, or its place where it was not met; or null.
   * @returns {Message | Place | null}
   */
  first() {
    const [known] = this.#inOrder();
    const low = this.count > this.open.size ? this.low : null;
    return low && (!known || compare(low, known) < 0) ? low : known ?? null;
  }

  /**
   * How many are not read above and below what is on the screen, from `first` to `last`.
   * @param {Message | null} first
   * @param {Message | null} last
   */
  around(first, last) {
    const all = this.#inOrder();
    const unmet = this.count - all.length;
    const sides = first && last ? { above: lowerBound(all, first), below: all.length -
      lowerBound(all, behind(last)) } : { above: 0, below: all.length };
    const { history: { more }, timeline: { items, newer } } = this.store;
    const higher = more && this.low && items[0] && compare(this.low, items[0]) < 0;
    sides[newer && !higher ? 'below' : 'above'] += unmet;
    return sides;
  }
}

/** What of a message is on the screen: see `Reader`. */
/** @typedef {{ id: string, of: number, from: number, to: number, folded: boolean }} Part */

/** How long every part of a message must have been on the screen (ms). */
export const READ_MS = 1_000;
/** Parts at the end of a folded message in which its text fades, or that are the button's. */
const FADED = 2;

/** Decides what was read: every part of it stood on the screen of a watched page for a second. */
export class Reader {
  /**
   * `look()` gives what is on the screen, or null where nobody looks: for each message that is not
   * read yet `{id, of, from, to, folded}`, in how many parts it stands, which are wholly there, and
   * whether something of it is hidden.
   * `onRead(ids)` is told of those of which every part has been there long enough.
   * @param {{ timers: Clock, look: () => Part[] | null, onRead: (ids: string[]) => void }} parts
   */
  constructor({ timers, look, onRead }) {
    this.timers = timers;
    this.look = look;
    this.onRead = onRead;
    /**
     * Id to the time that each part was on the screen.
     * @type {Map<string, { times: number[], folded: boolean }>}
     */
    this.spent = new Map();
    /** @type {Part[]} */
    this.shown = [];
    this.at = 0;
    /** @type {TimerId} */
    this.timer = null;
  }

  /** What is on the screen may have changed: until now it was what was looked at last. */
  moved() {
    const now = this.timers.now();
    const read = this.#pass(now - this.at);
    this.at = now;
    if (read.length > 0) this.onRead(read);
    this.shown = this.look() ?? [];
    this.timers.clear(this.timer);
    const rest = Math.min(...this.shown.map((part) => this.#rest(part)));
    if (rest < Infinity) this.timer = this.timers.set(() => this.moved(), rest);
  }

  /**
   * Counts the time for what was shown; gives what is read now.
   * @param {number} ms
   */
  #pass(ms) {
    /** @type {string[]} */
    const read = [];
    for (const part of this.shown) {
      const spent = this.#spentOn(part);
      for (let at = part.from; at < part.to; at += 1) spent[at] += ms;
      if (part.folded || spent.some((one) => one < READ_MS)) continue;
      read.push(part.id);
      this.spent.delete(part.id);
    }
    return read;
  }

  /**
   * A message that stands in other parts than before begins anew: the window has changed. One that
   * was unfolded goes on from what was to be seen of it.
   * @param {Part} part
   * @returns {number[]}
   */
  #spentOn({ id, of, folded }) {
    const held = this.spent.get(id);
    if (held?.times.length === of && held.folded === folded) return held.times;
    const times = Array(of).fill(0);
    const kept = held?.folded && !folded ? held.times.slice(0, -FADED) : [];
    kept.forEach((ms, at) => { if (at < of) times[at] = ms; });
    this.spent.set(id, { times, folded });
    return times;
  }

  /**
   * Until the next of the parts that are shown has been there long enough.
   * @param {Part} part
   */
  #rest(part) {
    const spent = this.#spentOn(part).slice(part.from, part.to).filter((ms) => ms < READ_MS);
    return Math.min(...spent.map((ms) => READ_MS - ms));
  }
}
