// What the page asks the node of its history: one question at a time. What is held is one stretch
// of the conversation; a question adds to an end of it, or begins another stretch. No DOM.

import { before, compare, place } from './timeline.js';

/** Messages asked for at once. */
const PAGE = 50;

export class History {
  constructor(store) {
    this.store = store;
    /** There is more above what is held. */
    this.more = false;
    /** The question that waits for its answer: what was wanted, and the frame. */
    this.asked = null;
    /** A place, or `end`, that the reader wants to see and that is not there yet. */
    this.wish = null;
    /** What was wanted when the node could not read it. */
    this.failed = null;
    this.serial = 0;
  }

  /**
   * Wants `older` or `newer` messages than those held, the `end`, or those from a place on. Returns
   * the question for the node; null where there is nothing to ask, or its answer is under way.
   */
  ask(wanted) {
    const leads = this.want(wanted);
    if (this.asked && (!leads || this.asked.wanted === wanted)) return null;
    const where = this.#where(wanted);
    if (!where) return null;
    this.failed = null;
    this.serial += 1;
    const frame = { type: 'history', ...where, limit: PAGE, ref: `history-${this.serial}` };
    this.asked = { wanted, frame };
    return frame;
  }

  /** Keeps where the reader wants to go, until it is there. Whether this leads elsewhere. */
  want(wanted) {
    const leads = wanted !== 'older' && wanted !== 'newer';
    if (leads) this.wish = wanted;
    return leads;
  }

  #where(wanted) {
    const { timeline: { items, newer } } = this.store;
    if (wanted === 'older') return this.more && items[0] ? { before: place(items[0]) } : null;
    if (wanted === 'newer') return newer && items[0] ? { after: place(items.at(-1)) } : null;
    return wanted === 'end' ? {} : { after: place(before(wanted)) };
  }

  /** Takes an answer. Returns what was wanted; null where nobody waits for it any more. */
  answered({ before: older, after: newer, messages, more }) {
    const { asked, store } = this;
    if (!asked || asked.frame.before !== older || asked.frame.after !== newer) return null;
    this.asked = null;
    const { wanted } = asked;
    if (wanted === 'older') {
      this.more = more;
      store.addHistory(messages);
    } else if (wanted === 'newer') {
      store.timeline.newer = more;
      store.addHistory(messages);
    } else {
      this.wish = null;
      const begins = wanted !== 'end' && wanted.lamport <= 1;
      this.more = wanted === 'end' ? more : !begins;
      store.replace(messages, { newer: wanted !== 'end' && more });
    }
    return wanted;
  }

  /** The node could not do something. Whether that was to answer the question. */
  fail({ ref, before: older, after: newer }) {
    const frame = this.asked?.frame;
    const place = older ?? newer;
    const same = ref ? frame?.ref === ref : place && (frame?.before ?? frame?.after) === place;
    if (!same) return false;
    this.failed = this.asked.wanted;
    this.asked = null;
    return true;
  }

  /** The link is lost: the answer will not come. */
  lost() {
    this.asked = null;
  }

  /** Whether a place lies in the stretch that is held. */
  holds(at) {
    const { timeline: { items, newer } } = this.store;
    if (items.length === 0) return !this.more && !newer;
    const above = this.more && compare(at, items[0]) < 0;
    const below = newer && compare(at, items.at(-1)) > 0;
    return !above && !below;
  }
}
