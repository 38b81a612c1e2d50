// The log on the screen: keeps the rows in step with the window, and the reader's place.
// Long, because each change of the one must keep the other's promise.

import { lowerBound, WINDOW_MAX, WINDOW_STEP } from '../core/timeline.js';
import { copying } from './copying.js';
import { hands, Hold, quiet } from './hands.js';
import { build, renewMeta } from './row.js';
import { plan } from './rows.js';
import { firstVisible, shown } from './shown.js';

/** @import { Message, Place } from '../../../types/frames' */
/**
 * @import {
 *   Actions, AnyRow, Language, Outbox, RowTools, Store, Wanted
 * } from '../../../types/page'
 */
/** @typedef {{ at: Place, then: (row: HTMLElement) => void }} Aim */
/** @typedef {{ sign: string, metaSign: string, element: HTMLElement }} Drawn */

/** Within this distance of the bottom the reader counts as being there (px). */
const STICK_PX = 40;
/** Nearer than this to an edge, more rows are brought (px). */
const EDGE_PX = 600;
/** Rows made anew at once: more than most screens hold, fewer than take long. */
const BURST_ROWS = 40;
/** What is new begins this far below the top (px). */
const NEW_TOP_PX = 60;
/** Before everything that was ever said. */
const START = { lamport: 1, author: '' };

export class Log {
  /**
   * `ask(wanted)` asks the node for what is not held; `onView()` is told that the view has moved;
   * `watched()` whether somebody looks.
   * @param {{
   *   scroller: HTMLElement, list: HTMLElement, store: Store, outbox: Outbox, lang: Language,
   *   now: () => number, actions: Actions, ask: (wanted: Wanted) => boolean, onView: () => void,
   *   watched: () => boolean,
   * }} parts
   */
  constructor({ scroller, list, store, outbox, lang, now, actions, ask, onView, watched }) {
    this.scroller = scroller;
    this.list = list;
    this.store = store;
    this.outbox = outbox;
    this.lang = lang;
    this.now = now;
    this.actions = actions;
    this.ask = ask;
    this.onView = onView;
    this.watched = watched;
    /** @type {Map<string, Drawn>} */
    this.rows = new Map();
    /**
     * Ids that have just arrived: these alone come with a motion.
     * @type {Set<string>}
     */
    this.fresh = new Set();
    /** @type {RowTools} */
    this.tools = {
      ...actions, t: lang.t, kinds: store.kinds, unfolded: new Set(), onUnfold: () => this.onView(),
      again: (wanted) => {
        ask(wanted);
        this.flush();
      },
    };
    this.stuck = true;
    this.count = 0;
    this.top = 0;
    /** @type {string | null} */
    this.anchorId = null;
    this.burst = false;
    this.stepping = false;
    /** @type {Store['timeline'] | null} */
    this.timeline = null;
    /**
     * Where a question leads, once it is answered.
     * @type {Aim | null}
     */
    this.aim = null;
    store.follow = () => ({
      follow: this.#follows() && store.timeline.showsEnd, anchor: this.anchorId,
    });
    scroller.addEventListener('scroll', () => this.#moved(), { passive: true });
    this.hold = new Hold({ scroller, list, onFree: () => this.flush() });
    this.focus = hands({
      scroller, list, t: lang.t, actions, find: (row) => this.#messageOf(row),
      ends: { Home: () => this.toStart(true), End: () => this.toEnd(true) },
    });
    copying(list, { store, outbox, lang });
    new ResizeObserver(() => {
      this.#follow();
      this.onView();
    }).observe(scroller);
  }

  /** @param {HTMLElement | null | undefined} row */
  #messageOf(row) {
    return this.store.timeline.byId.get(row?.dataset.id ?? '') ?? null;
  }

  /** Whether the end is followed wherever it goes: not out of sight of what is new. */
  #follows() {
    return this.stuck && !this.hold.held && (this.watched() || !this.store.newFrom);
  }

  /** Brings the rows up to date; the first visible row stays where it is, to the pixel. */
  flush() {
    const { scroller, store: { timeline } } = this;
    if (this.timeline !== timeline) {
      this.#land();
      return;
    }
    const follows = this.#follows();
    if (follows && !timeline.showsEnd && !timeline.newer) timeline.toEnd();
    this.burst = follows && timeline.items.length - this.count > BURST_ROWS;
    this.count = timeline.items.length;
    if (this.burst) timeline.narrow(BURST_ROWS);
    const anchor = follows ? null : this.#firstVisible();
    const top = anchor?.getBoundingClientRect().top ?? 0;
    const id = anchor?.dataset.id ?? '';
    this.#draw();
    const after = this.rows.get(id);
    if (!follows && after) {
      scroller.scrollTop += after.element.getBoundingClientRect().top - top;
    }
    this.#follow();
    this.#settle();
  }

  /** Another stretch of the conversation is held: shows the place that it was asked for. */
  #land() {
    const { timeline } = this.store;
    this.timeline = timeline;
    this.count = timeline.items.length;
    this.stuck = !timeline.newer && !this.aim;
    const { aim } = this;
    this.aim = null;
    this.#show(aim);
  }

  /**
   * Shows a place that is held; without one, the end, or where the stretch begins.
   * @param {Aim | null} aim
   */
  #show(aim) {
    const { timeline } = this.store;
    const last = timeline.items.length - 1;
    const at = aim ? Math.min(lowerBound(timeline.items, aim.at), last) : -1;
    const message = timeline.items[at];
    if (message) timeline.reveal(message.id);
    this.#draw();
    const row = message && this.rows.get(message.id);
    if (aim && row) aim.then(row.element);
    else this.#follow();
    this.#settle();
  }

  #draw() {
    this.focus.before();
    this.#reconcile(plan(this.store, this.outbox, this.lang, this.now()));
  }

  #settle() {
    this.#keepPlace();
    this.#edges();
    this.onView();
  }

  #keepPlace() {
    this.top = this.scroller.scrollTop;
    const row = this.#firstVisible();
    this.anchorId = row?.dataset.id ?? null;
    const last = /** @type {HTMLElement | null} */ (this.list.lastElementChild);
    this.focus.renew(this.stuck ? last : row);
  }

  /** @param {AnyRow[]} planned */
  #reconcile(planned) {
    /** @type {Map<string, Drawn>} */
    const keep = new Map();
    /** @type {ChildNode | null} */
    let at = this.list.firstChild;
    for (const row of planned) {
      const held = this.rows.get(row.key);
      const kept = Boolean(held && this.hold.holds(held.element));
      const same = held && (kept || held.sign === row.sign) ? held : null;
      const element = same ? same.element : build(row, this.tools);
      if (!same) quiet(element);
      if (same && !kept && same.metaSign !== row.metaSign) renewMeta(element, row);
      if (!held && this.fresh.has(row.key)) element.classList.add('arriving');
      if (held && held.element !== element) {
        if (at === held.element) at = element;
        if (this.focus.active === held.element) this.focus.swap(element);
        held.element.replaceWith(element);
      }
      const { sign, metaSign } = kept && held ? held : row;
      keep.set(row.key, { sign, metaSign, element });
      if (at && element === at) at = at.nextSibling;
      else this.list.insertBefore(element, at);
    }
    for (const [key, { element }] of this.rows) if (!keep.has(key)) element.remove();
    this.rows = keep;
    this.fresh.clear();
  }

  /** Goes with the end; while nobody looks, only as far as what is new stays in view. */
  #follow() {
    if (!this.stuck || this.hold.held) return;
    const { scroller } = this;
    const divider = !this.#follows() && this.rows.get('new')?.element;
    const end = scroller.scrollHeight - scroller.clientHeight;
    const limit = divider ? scroller.scrollTop + this.#topOf(divider) - NEW_TOP_PX : Infinity;
    scroller.scrollTop = Math.min(end, Math.max(limit, scroller.scrollTop));
    this.stuck = limit >= end && this.store.timeline.showsEnd;
    this.top = scroller.scrollTop;
  }

  /**
   * How far an element begins below the log's top (px).
   * @param {Element} element
   */
  #topOf(element) {
    return element.getBoundingClientRect().top - this.scroller.getBoundingClientRect().top;
  }

  #below() {
    const { scrollHeight, clientHeight, scrollTop } = this.scroller;
    return scrollHeight - clientHeight - scrollTop;
  }

  /** Whether the newest message is in view. */
  get atEnd() {
    return this.store.timeline.showsEnd && this.#below() <= STICK_PX;
  }

  #moved() {
    const { scroller, store: { timeline, history } } = this;
    // Only a way up leaves the bottom: a log that became smaller has not been scrolled.
    const up = scroller.scrollTop < this.top - 1;
    if (this.#below() > STICK_PX && up) this.stuck = false;
    if (this.atEnd) this.stuck = true;
    this.#keepPlace();
    // Who draws the scrollbar to an end means that of the conversation.
    if (this.hold.dragging && scroller.scrollTop <= 0 && (history.more || timeline.from > 0)) {
      this.toStart();
    } else this.#edges();
    this.onView();
  }

  /** Near an edge, moves the window, or asks for more. One step per frame. */
  #edges() {
    if (this.stepping || this.hold.dragging) return;
    const { scroller, store: { timeline } } = this;
    const narrow = timeline.to - timeline.from < WINDOW_MAX - WINDOW_STEP;
    const nearTop = scroller.scrollTop < EDGE_PX;
    const up = nearTop && timeline.from > 0 && (this.stuck ? narrow && !this.burst : true);
    const held = timeline.to < timeline.items.length;
    const down = !up && this.#below() < EDGE_PX && held;
    /** @param {'older' | 'newer'} which */
    const want = (which) => this.store.history.failed !== which && this.ask(which);
    if (nearTop && timeline.from === 0) want('older');
    if (this.#below() < EDGE_PX && !held && timeline.newer) want('newer');
    if (!up && !down) return;
    this.stepping = true;
    requestAnimationFrame(() => {
      this.stepping = false;
      if (up && this.burst && this.stuck) return;
      if (up ? timeline.up() : timeline.down()) this.flush();
    });
  }

  #firstVisible() {
    return firstVisible(this.scroller, this.list);
  }

  /** What of the messages is on the screen: see shown.js. */
  shown() {
    return shown(this.scroller, this.list, (row) => this.#messageOf(row), this.store);
  }

  /**
   * To a place, asked of the node where it is not held; `then` is given the row that is there.
   * @param {Place} at
   * @param {Aim['then']} then
   */
  go(at, then) {
    this.stuck = false;
    const aim = { at, then };
    if (this.store.history.holds(at)) this.#show(aim);
    else {
      this.aim = aim;
      this.ask(at);
    }
  }

  /** To the newest message. */
  toEnd(focus = false) {
    const { store: { timeline } } = this;
    this.aim = null;
    if (timeline.newer) {
      this.ask('end');
      return;
    }
    timeline.toEnd();
    this.stuck = true;
    this.flush();
    if (!focus) return;
    /** @type {HTMLElement | null} */
    const last = this.list.querySelector(':scope > [tabindex]:last-child');
    last?.focus();
  }

  /** To the oldest message. */
  toStart(focus = false) {
    this.go(START, (row) => {
      this.scroller.scrollTop = 0;
      if (focus) row.focus({ preventScroll: true });
    });
  }

  /** To what is new, or another place, if that is further up than the last screen. */
  toNew() {
    const { newFrom } = this.store;
    if (!newFrom) return;
    this.go(this.store.firstNew() ?? newFrom, (row) => {
      const divider = this.rows.get('new')?.element ?? row;
      this.scroller.scrollTop += this.#topOf(divider) - NEW_TOP_PX;
      this.stuck = this.atEnd;
    });
  }

  /** Where the reader is, to come back to. */
  place() {
    const row = this.#firstVisible();
    return { stuck: this.stuck, at: this.#messageOf(row), top: row ? this.#topOf(row) : 0 };
  }

  /**
   * Back to a place.
   * @param {ReturnType<Log['place']>} place
   */
  restore({ stuck, at, top }) {
    if (stuck || !at) this.toEnd();
    else this.go(at, (row) => { this.scroller.scrollTop += this.#topOf(row) - top; });
  }

  /**
   * Shows and focuses a message.
   * @param {Message} message
   */
  reveal(message) {
    this.go(message, (row) => {
      row.scrollIntoView({ block: 'center' });
      row.focus({ preventScroll: true });
    });
  }
}
