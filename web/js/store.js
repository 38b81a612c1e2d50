// What the page knows: messages, members, receipts, what waits to be sent. No DOM, no clock.

import { lookAlikes } from './names.js';
import { blockers, marks } from './receipts.js';
import { hues } from './text.js';
import {
  compare, LATE_BEFORE_JOIN_MS, LATE_HISTORY_MS, LATE_LIVE_MS, lowerBound, readPlace, Timeline,
} from './timeline.js';

/** Kinds that are counted as messages: an unknown kind is one of a newer version. */
const QUIET = new Set(['profile', 'circle', 'leave']);

export const isSystem = (message) => QUIET.has(message.kind);

export class Store {
  constructor() {
    this.epoch = null;
    this.me = null;
    this.follow = () => ({ follow: true, anchor: null });
    this.#reset();
  }

  #reset() {
    this.timeline = new Timeline();
    this.members = new Map();
    this.alike = new Map();
    this.hues = new Map();
    this.receipts = { members: new Map(), delivered: {}, read: {}, final: 0 };
    this.names = new Map();
    this.circle = '';
    this.cursor = 0;
    this.ahead = new Set();
    this.more = false;
    this.asked = null;
    this.catchingUp = null;
    this.caughtAt = Infinity;
    this.storeState = 'ok';
    this.readReceipts = true;
    this.readUpto = null;
    this.readArrival = 0;
    this.newAfter = null;
    this.lateUnseen = new Map();
    this.lateBeyond = 0;
    this.typing = new Map();
  }

  /** Takes a `welcome`. Returns true where the page should `resume` from `cursor`. */
  welcome(packet) {
    const resumes = this.epoch === packet.epoch && this.me === packet.me;
    if (!resumes) {
      this.#reset();
      this.epoch = packet.epoch;
      this.me = packet.me;
      this.cursor = packet.arrival;
      this.more = packet.more;
      this.newAfter = readPlace(packet.read?.upto);
    }
    this.version = packet.version;
    this.storeState = packet.store;
    this.readReceipts = packet.read_receipts;
    this.readUpto = later(this.readUpto, readPlace(packet.read?.upto));
    this.readArrival = Math.max(this.readArrival, packet.read?.arrival ?? 0);
    // A large circle goes on in further frames: who is known is not forgotten meanwhile.
    this.changeMembers(packet);
    this.mergeReceipts(packet.receipts);
    this.progress(packet.catching_up ?? { done: true });
    if (resumes) this.addLive(packet.messages);
    else this.#addHistory(packet.messages);
    return resumes;
  }

  /** Takes new or changed messages. Returns the added ones and the late ones among them. */
  addLive(messages) {
    const { items } = this.timeline;
    for (const message of messages) this.#arrived(message.arrival);
    const beyond = (message) =>
      this.more && items.length > 0 && compare(message, items[0]) < 0;
    const within = messages.filter((message) => !beyond(message));
    const outside = messages.filter((message) => beyond(message) && !isSystem(message));
    this.lateBeyond += outside.length;
    this.#learnNames(within);
    const slack = (message) =>
      message.author === this.me ? Infinity : this.#beforeJoin(message) ? LATE_BEFORE_JOIN_MS
        : LATE_LIVE_MS;
    const result = this.timeline.merge(within, {
      slack, ignoreAbove: this.caughtAt, ...this.follow(),
    });
    for (const message of result.late) {
      if (!isSystem(message)) this.lateUnseen.set(message.id, message.arrival);
    }
    return { ...result, outside };
  }

  /** Takes the answer to `history`. Returns false where it answers no question of now. */
  addPage(packet) {
    if (!this.asked || packet.before !== this.asked) return false;
    this.asked = null;
    this.more = packet.more;
    this.#addHistory(packet.messages);
    return true;
  }

  #addHistory(messages) {
    this.#learnNames(messages);
    const slack = (message) =>
      message.author === this.me ? Infinity : this.#beforeJoin(message) ? LATE_BEFORE_JOIN_MS
        : LATE_HISTORY_MS;
    slack.withinBatch = true;
    this.timeline.merge(messages, { slack, ...this.follow() });
  }

  #beforeJoin(message) {
    const since = this.members.get(this.me)?.since;
    return !since || compare(message, since) < 0;
  }

  /** Arrival numbers have no holes: the cursor is what was seen without one. */
  #arrived(arrival) {
    if (arrival <= this.cursor) return;
    this.ahead.add(arrival);
    while (this.ahead.delete(this.cursor + 1)) this.cursor += 1;
  }

  #learnNames(messages) {
    for (const message of messages) {
      if (message.kind !== 'profile' || !message.text) continue;
      const names = this.names.get(message.author) ?? new Map();
      this.names.set(message.author, names.set(message.seq, message.text));
    }
  }

  /** What the author was called before this profile; null where that is not held. */
  nameBefore({ author, seq }) {
    return this.#latestName(author, seq);
  }

  #latestName(id, before = Infinity) {
    const names = this.names.get(id) ?? new Map();
    const earlier = [...names.keys()].filter((seq) => seq < before);
    return names.get(Math.max(...earlier)) ?? null;
  }

  /** Takes everybody who is known. */
  setMembers(packet) {
    this.members = new Map();
    this.changeMembers(packet);
  }

  /** Takes those who are new or have changed; the others stay. */
  changeMembers({ circle, members }) {
    this.circle = circle ?? this.circle;
    for (const member of members) {
      this.members.set(member.id, { ...member, since: readPlace(member.since) });
    }
    const came = [...this.members.values()].sort((a, b) =>
      a.since && b.since ? compare(a.since, b.since) : Boolean(b.since) - Boolean(a.since));
    this.alike = lookAlikes(came);
    this.hues = hues(came.map((member) => member.id));
  }

  /** What to call somebody: the name now, one that was ever known, at last the id's start. */
  nameOf(id, fallback = '') {
    return this.members.get(id)?.name || fallback || this.#latestName(id) || (id ?? '').slice(0, 8);
  }

  /** The class of a member's hue. */
  hueOf(id) {
    return `c${this.hues.get(id) ?? 0}`;
  }

  /** Watermarks only grow; a packet may hold only what changed. */
  mergeReceipts(packet) {
    const { receipts } = this;
    for (const [id, change] of Object.entries(packet?.members ?? {})) {
      const held = receipts.members.get(id) ?? { stored: {}, read: {}, clock: 0 };
      raise(held.stored, change.stored);
      raise(held.read, change.read);
      held.clock = Math.max(held.clock, change.clock ?? 0);
      receipts.members.set(id, held);
    }
    raise(receipts.delivered, packet?.delivered);
    raise(receipts.read, packet?.read);
    receipts.final = Math.max(receipts.final, packet?.final ?? 0);
  }

  /** See receipts.js. Who does not tell what was read here is not shown what others read. */
  marks(message) {
    const mark = marks(message, this);
    if (this.readReceipts) return mark;
    return { ...mark, state: mark.state === 'read' ? 'delivered' : mark.state, readers: [] };
  }

  /** Whether nothing can be ordered before this message any more. */
  isFinal(message) {
    if (message.lamport <= this.receipts.final) message.final = true;
    return Boolean(message.final);
  }

  /** Members that can still write before this message. */
  blockers(message) {
    return blockers(message, this);
  }

  /** Messages of others from the divider on; 0 where there is none, or it is not held. */
  newCount() {
    const { items } = this.timeline;
    if (!this.newAfter || (this.more && compare(items[0], this.newAfter) > 0)) return 0;
    const from = lowerBound(items, this.newAfter);
    return items.slice(from).filter((one) => one.author !== this.me && !isSystem(one) &&
      compare(one, this.newAfter) > 0).length;
  }

  /** The reader has gone: what comes from now on is new. */
  leaveMark() {
    const last = this.timeline.items.at(-1);
    if (last) this.newAfter = { lamport: last.lamport, author: last.author };
  }

  /** Takes `progress`, or the same from `welcome`. */
  progress(packet) {
    if (packet.done) {
      this.catchingUp = null;
      this.caughtAt = Infinity;
      return;
    }
    if (!this.catchingUp) this.caughtAt = this.cursor;
    this.catchingUp = { held: packet.held, of: packet.of };
  }

  /** Where to ask for older messages; null where none are left or the question is under way. */
  askOlder() {
    const oldest = this.timeline.items[0];
    if (!this.more || this.asked || !oldest) return null;
    this.asked = `${oldest.lamport}.${oldest.author}`;
    return this.asked;
  }

  /** A question that was under way when the link broke is asked again. */
  linkLost() {
    this.asked = null;
    this.typing.clear();
  }

  /** Late messages that the reader has looked at, or waved away. */
  lateSeen(ids) {
    for (const id of ids) this.lateUnseen.delete(id);
  }

  /**
   * The reader saw everything up to this message. Returns what to tell the node, null where that
   * is nothing new. Late messages that nobody looked at are held back by their arrival number.
   */
  reading(message) {
    const arrival = Math.min(this.cursor, ...[...this.lateUnseen.values()].map((n) => n - 1));
    const upto = later(this.readUpto, message);
    const grew = !this.readUpto || compare(upto, this.readUpto) > 0 || arrival > this.readArrival;
    if (!grew) return null;
    this.readUpto = { lamport: upto.lamport, author: upto.author };
    this.readArrival = Math.max(this.readArrival, arrival);
    return { upto: `${upto.lamport}.${upto.author}`, arrival: this.readArrival };
  }
}

function raise(held, change) {
  for (const [id, seq] of Object.entries(change ?? {})) held[id] = Math.max(held[id] ?? 0, seq);
}

function later(a, b) {
  if (!a || !b) return a ?? b;
  return compare(a, b) < 0 ? b : a;
}
