// What the page asks the node of its history: one question at a time. What is held is one stretch
// of the conversation; a question adds to an end of it, or begins another stretch. No DOM.

import { before, compare, place } from './timeline.js';

/** @import { Failure, Page, PlaceText, Place, Question } from '../../../types/frames' */
/** @import { Store, Wanted } from '../../../types/page' */

/** Messages asked for at once. */
const PAGE = 50;

export class History {
  /** @param {Store} store */
  constructor(store) {
    this.store = store;
    /** There is more above what is held. */
    this.more = false;
    /**
     * The question that waits for its answer: what was wanted, and the frame.
     * @type {{ wanted: Wanted, frame: Question } | null}
     */
    this.asked = null;
    /**
     * A place, or `end`, that the reader wants to see and that is not there yet.
     * @type {Wanted | null}
     */
    this.wish = null;
    /**
     * What was wanted when the node could not read it.
     * @type {Wanted | null}
     */
    this.failed = null;
    this.serial = 0;
  }

  /**
   * Wants `older` or `newer` messages than those held, the `end`, or those from a place on. Returns
   * the question for the node; null where there is nothing to ask, or its answer is under way.
   * @param {Wanted} wanted
   * @returns {Question | null}
   */
  ask(wanted) {
    const leads = this.want(wanted);
    if (this.asked && (!leads || this.asked.wanted === wanted)) return null;
    const where = this.#where(wanted);
    if (!where) return null;
    this.failed = null;
    this.serial += 1;
    /** @type {Question} */
    const frame = { type: 'history', ...where, limit: PAGE, ref: `history-${this.serial}` };
    this.asked = { wanted, frame };
    return frame;
  }

  /**
   * Keeps where the reader wants to go, until it is there. Whether this leads elsewhere.
   * @param {Wanted} wanted
   */
  want(wanted) {
    const leads = wanted !== 'older' && wanted !== 'newer';
    if (leads) this.wish = wanted;
    return leads;
  }

  /**
   * @param {Wanted} wanted
   * @returns {{ before?: PlaceText, after?: PlaceText } | null}
   */
  #where(wanted) {
    const { timeline: { items, newer } } = this.store;
    const last = items.at(-1);
    if (wanted === 'older') return this.more && items[0] ? { before: place(items[0]) } : null;
    if (wanted === 'newer') return newer && last ? { after: place(last) } : null;
    return wanted === 'end' ? {} : { after: place(before(wanted)) };
  }

  /**
   * Takes an answer. Returns what was wanted; null where nobody waits for it any more.
   * @param {Omit<Page, 'type'>} answer
   */
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
      const begins = typeof wanted === 'object' && wanted.lamport <= 1;
      this.more = wanted === 'end' ? more : !begins;
      store.replace(messages, { newer: wanted !== 'end' && more });
    }
    return wanted;
  }

  /**
   * The node could not do something. Whether that was to answer the question.
   * @param {Failure} failure
   */
  fail({ ref, before: older, after: newer }) {
    const frame = this.asked?.frame;
    const place = older ?? newer;
    const same = ref ? frame?.ref === ref : place && (frame?.before ?? frame?.after) === place;
    if (!same || !this.asked) return false;
    this.failed = this.asked.wanted;
    this.asked = null;
    return true;
  }

  /** The link is lost: the answer will not come. */
  lost() {
    this.asked = null;
  }

  /**
   * Whether a place lies in the stretch that is held.
   * @param {Place} at
   */
  holds(at) {
    const { timeline: { items, newer } } = this.store;
    const last = items.at(-1);
    if (!last) return !this.more && !newer;
    const above = this.more && compare(at, items[0]) < 0;
    const below = newer && compare(at, last) > 0;
    return !above && !below;
  }
}
