// What the page knows: messages, members, receipts, how far was read. No DOM, no clock.
// Long, because it is the one door to all that; what decides something stands in a file beside it.

import { Called } from './called.js';
import { History } from './history.js';
import { lookAlikes } from './names.js';
import { Reading } from './reading.js';
import { blockers, marks, merge } from './receipts.js';
import { hues } from './text.js';
import {
  behind, compare, LATE_BEFORE_JOIN_MS, LATE_HISTORY_MS, LATE_LIVE_MS, lowerBound, readPlace,
  Timeline,
} from './timeline.js';

/**
 * @import {
 *   Heard as HeardFrame, Id, Member, Message, Page, Place, Progress, Receipts, Welcome
 * } from '../../../types/frames'
 */
/** @import { Arrived, Held, HeldReceipts, Mark } from '../../../types/page' */
/** @import { Kinds } from './kinds.js' */
/** @import { Reads, Slack } from './timeline.js' */

export class Store {
  /**
   * `kinds` of messages, as kinds/index.js has them.
   * @param {{ kinds: Kinds }} parts
   */
  constructor({ kinds }) {
    this.kinds = kinds;
    /** @type {string | null} */
    this.epoch = null;
    /** @type {Id | null} */
    this.me = null;
    /**
     * Where the reader is; the log says so.
     * @type {() => Reads}
     */
    this.follow = () => ({ follow: true, anchor: null });
    this.version = '';
    this.timeline = new Timeline();
    this.history = new History(this);
    this.reading = new Reading(this);
    /** @type {Map<Id, Held>} */
    this.members = new Map();
    /** @type {Map<Id, Id>} */
    this.alike = new Map();
    /** @type {Map<Id, number>} */
    this.hues = new Map();
    /** @type {HeldReceipts} */
    this.receipts = { members: new Map(), delivered: {}, read: {}, final: 0 };
    this.called = new Called(kinds);
    this.circle = '';
    this.cursor = 0;
    /** @type {Set<number>} */
    this.ahead = new Set();
    /** @type {{ held: number, of: number } | null} */
    this.catchingUp = null;
    this.caughtAt = Infinity;
    this.storeState = 'ok';
    this.readReceipts = true;
    /**
     * Place from which on messages are new; null where there is no divider.
     * @type {Place | null}
     */
    this.newFrom = null;
    /**
     * Late messages that the reader has not looked at, by id.
     * @type {Map<string, Message>}
     */
    this.lateUnseen = new Map();
    /** @type {Map<Id, ReturnType<typeof setTimeout>>} */
    this.typing = new Map();
  }

  /** As a new one, for the same log. */
  #reset() {
    const { kinds, follow } = this;
    const [history, reading] = [new History(this), new Reading(this)];
    Object.assign(this, new Store({ kinds }), { follow, history, reading });
  }

  /**
   * Takes a `welcome`. Returns true where the page should `resume` from `cursor`.
   * @param {Welcome} packet
   */
  welcome(packet) {
    const resumes = this.epoch === packet.epoch && this.me === packet.me;
    if (!resumes) {
      this.#reset();
      this.epoch = packet.epoch;
      this.me = packet.me;
      this.cursor = packet.arrival;
      this.reading.begin(packet);
    }
    this.version = packet.version;
    this.storeState = packet.store;
    this.readReceipts = packet.read_receipts;
    // A large circle goes on in further frames: who is known is not forgotten meanwhile.
    this.changeMembers(packet);
    this.mergeReceipts(packet.receipts);
    this.progress(packet.catching_up ?? { done: true });
    // Who resumes is told everything missed, in the order of arrival: these among it.
    if (!resumes) this.#open(packet);
    return resumes;
  }

  /**
   * Begins with the newest messages, or further up, where the reader has not read so far.
   * @param {Welcome} packet
   */
  #open({ messages, more }) {
    const { low } = this.reading;
    this.newFrom = low;
    if (low && more && messages.length > 0 && compare(low, messages[0]) < 0) {
      this.history.wish = low;
      this.timeline.newer = true;
      this.history.more = true;
      return;
    }
    this.history.more = more;
    this.addHistory(messages);
  }

  /**
   * Takes new or changed messages. Returns the added ones, the late ones among them, and those
   * that belong above or below what is held: they are counted, and fetched when wanted.
   * @param {Message[]} numbered
   * @returns {Arrived}
   */
  addLive(numbered) {
    // What is quiet counts as arrived, and is told under its target.
    const fresh = numbered.filter(({ arrival, quiet }) => this.#arrived(arrival) && !quiet);
    const result = this.#insert(numbered.filter(({ quiet }) => !quiet), fresh);
    this.reading.learn(fresh, true);
    return result;
  }

  /**
   * Takes messages that the node has not stored yet: they are shown, and have not arrived.
   * @param {Message[]} messages
   * @returns {Arrived}
   */
  addEarly(messages) {
    const unknown = messages.filter(({ id }) => !this.timeline.byId.has(id));
    return this.#insert(unknown.map((message) => ({ ...message, early: true })), []);
  }

  /**
   * Puts messages where they belong; those of `fresh` that belong elsewhere are named.
   * @param {Message[]} messages
   * @param {Message[]} fresh
   * @returns {Arrived}
   */
  #insert(messages, fresh) {
    const { timeline: { items, newer }, history: { more } } = this;
    const [first, last] = [items[0], items.at(-1)];
    /** @param {Message} one */
    const isAbove = (one) => more && Boolean(first) && compare(one, first) < 0;
    /** @param {Message} one */
    const isBelow = (one) => newer && (!last || compare(one, last) > 0);
    const within = messages.filter((one) => !isAbove(one) && !isBelow(one));
    const outside = fresh.filter((one) => this.fromOthers(one));
    this.called.learn(messages);
    /** @type {Slack} */
    const slack = (message) =>
      message.author === this.me ? Infinity : this.#beforeJoin(message) ? LATE_BEFORE_JOIN_MS
        : LATE_LIVE_MS;
    const result = this.timeline.merge(within, {
      slack, ignoreAbove: this.caughtAt, ...this.follow(),
    });
    const above = outside.filter(isAbove);
    for (const message of [...result.late, ...above]) {
      if (!this.kinds.isLine(message)) this.lateUnseen.set(message.id, message);
    }
    return { ...result, above, below: outside.filter(isBelow) };
  }

  /**
   * Renews those messages that are held.
   * @param {Message[]} messages
   */
  change(messages) {
    this.timeline.renew(messages);
  }

  /**
   * Takes the answer to a question about history. Returns the question; null where it is old.
   * @param {Page} packet
   */
  addPage(packet) {
    return this.history.answered(packet);
  }

  /**
   * Puts in what was said before, or elsewhere.
   * @param {Message[]} messages
   */
  addHistory(messages) {
    this.called.learn(messages);
    /** @type {Slack} */
    const slack = (message) =>
      message.author === this.me ? Infinity : this.#beforeJoin(message) ? LATE_BEFORE_JOIN_MS
        : LATE_HISTORY_MS;
    slack.withinBatch = true;
    this.timeline.merge(messages, { slack, ...this.follow() });
    this.reading.learn(messages, false);
  }

  /**
   * Holds these messages and no others: what is between is not known.
   * @param {Message[]} messages
   * @param {{ newer: boolean }} where
   */
  replace(messages, { newer }) {
    this.timeline = new Timeline();
    this.timeline.newer = newer;
    this.addHistory(messages);
  }

  /** @param {Message} message */
  #beforeJoin(message) {
    const since = this.members.get(this.me ?? '')?.since;
    return !since || compare(message, since) < 0;
  }

  /**
   * Arrival numbers have no holes: the cursor is what came without one. Whether this is new.
   * @param {number} arrival
   */
  #arrived(arrival) {
    if (arrival <= this.cursor || this.ahead.has(arrival)) return false;
    this.ahead.add(arrival);
    while (this.ahead.delete(this.cursor + 1)) this.cursor += 1;
    return true;
  }

  /**
   * Takes everybody who is known.
   * @param {{ circle?: string, members: Member[] }} packet
   */
  setMembers(packet) {
    this.members = new Map();
    this.changeMembers(packet);
  }

  /**
   * Takes those who are new or have changed; the others stay.
   * @param {{ circle?: string, members: Member[] }} packet
   */
  changeMembers({ circle, members }) {
    this.circle = circle ?? this.circle;
    for (const member of members) {
      this.members.set(member.id, { ...member, since: readPlace(member.since) });
    }
    const came = [...this.members.values()].sort((a, b) =>
      a.since && b.since ? compare(a.since, b.since) : Number(!a.since) - Number(!b.since));
    this.alike = lookAlikes(came);
    this.hues = hues(came.map((member) => member.id));
  }

  /**
   * Takes when members were heard, and how quickly.
   * @param {HeardFrame['members']} members
   */
  heard(members) {
    for (const [id, told] of Object.entries(members)) {
      const member = this.members.get(id);
      if (member) this.members.set(id, { ...member, ...told });
    }
  }

  /**
   * What to call somebody: the name now, one that was ever known, at last the id's start.
   * @param {Id | null} id
   * @param {string} fallback
   * @returns {string}
   */
  nameOf(id, fallback = '') {
    const of = id ?? '';
    return this.members.get(of)?.name || fallback || this.called.latest(of) || of.slice(0, 8);
  }

  /**
   * The class of a member's hue.
   * @param {Id} id
   */
  hueOf(id) {
    return `c${this.hues.get(id) ?? 0}`;
  }

  /**
   * Watermarks only grow; a packet may hold only what changed.
   * @param {Receipts | undefined} packet
   */
  mergeReceipts(packet) {
    merge(this.receipts, packet);
  }

  /**
   * See receipts.js. Who does not tell what was read here is not shown what others read.
   * @param {Message} message
   * @returns {Mark}
   */
  marks(message) {
    const mark = marks(message, this);
    if (this.readReceipts) return mark;
    return { ...mark, state: mark.state === 'read' ? 'delivered' : mark.state, readers: [] };
  }

  /**
   * Whether nothing can be ordered before this message any more.
   * @param {Message} message
   */
  isFinal(message) {
    if (message.lamport <= this.receipts.final) message.final = true;
    return Boolean(message.final);
  }

  /**
   * Members that can still write before this message.
   * @param {Message} message
   */
  blockers(message) {
    return blockers(message, this);
  }

  /**
   * Whether somebody else said it: no line, and not one's own.
   * @param {Message} message
   */
  fromOthers(message) {
    return message.author !== this.me && !this.kinds.isLine(message);
  }

  /** The message that the divider stands above; null where there is none, or it is not held. */
  firstNew() {
    const { items } = this.timeline;
    if (!this.newFrom || (this.history.more && items[0] && compare(items[0], this.newFrom) > 0)) {
      return null;
    }
    for (let at = lowerBound(items, this.newFrom); at < items.length; at += 1) {
      if (this.fromOthers(items[at])) return items[at];
    }
    return null;
  }

  /** Messages of others from the divider on; 0 where there is none, or it is not held. */
  newCount() {
    const first = this.firstNew();
    if (!first) return 0;
    const { timeline: { items, newer }, reading } = this;
    const from = lowerBound(items, first);
    const held = items.slice(from).filter((one) => this.fromOthers(one));
    return held.length + (newer ? reading.count - reading.open.size : 0);
  }

  /** The reader has gone: what is not read, and what comes from now on, is new. */
  leaveMark() {
    const { timeline: { items, newer }, reading } = this;
    const first = items.find((one) => !one.late && reading.open.has(one.id));
    const last = items.at(-1);
    if (first) this.newFrom = first;
    else if (last && !newer) this.newFrom = behind(last);
  }

  /**
   * Takes `progress`, or the same from `welcome`.
   * @param {Pick<Progress, 'held' | 'of'> & { done?: boolean } | { done: true }} packet
   */
  progress(packet) {
    if (packet.done) {
      this.catchingUp = null;
      this.caughtAt = Infinity;
      return;
    }
    if (!this.catchingUp) this.caughtAt = this.cursor;
    this.catchingUp = { held: packet.held, of: packet.of };
  }

  /** A question that was under way when the link broke is asked again. */
  linkLost() {
    this.history.lost();
    this.reading.lost();
    this.typing.clear();
  }

  /**
   * Late messages that the reader has looked at, or waved away.
   * @param {Iterable<string>} ids
   */
  lateSeen(ids) {
    for (const id of ids) this.lateUnseen.delete(id);
  }
}
