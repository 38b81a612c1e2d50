// The log on the screen: keeps the rows in step with the window, and the reader's place.

import { copying } from './copy.js';
import { el, icon, put } from './el.js';
import { build, renewMeta } from './row.js';
import { plan } from './rows.js';
import { lowerBound, WINDOW_MAX, WINDOW_STEP } from './timeline.js';

/** Within this distance of the bottom the reader counts as being there (px). */
const STICK_PX = 40;
/** Nearer than this to an edge, more rows are brought (px). */
const EDGE_PX = 600;
/** Rows made anew at once: more than most screens hold, fewer than take long. */
const BURST_ROWS = 40;
/** What is new begins this far below the top (px). */
const NEW_TOP_PX = 60;

export class Log {
  /** `onEdge()` asks the node for older messages; `onView()` is told that the view has moved. */
  constructor({ scroller, list, store, outbox, lang, now, actions, onEdge, onView }) {
    Object.assign(this, { scroller, list, store, outbox, lang, now, actions, onEdge, onView });
    this.rows = new Map();
    /** Ids that have just arrived: these alone come with a motion. */
    this.fresh = new Set();
    this.tools = { ...actions, t: lang.t, unfolded: new Set() };
    this.time = el('span', { class: 'at', 'aria-hidden': 'true' });
    this.acts = this.#acts();
    this.stuck = true;
    this.count = 0;
    this.top = 0;
    this.anchorId = null;
    this.active = null;
    store.follow = () => ({
      follow: this.stuck && store.timeline.showsEnd, anchor: this.anchorId,
    });
    scroller.addEventListener('scroll', () => this.#moved(), { passive: true });
    list.addEventListener('keydown', (event) => this.#key(event));
    list.addEventListener('focusin', (event) => {
      const row = event.target.closest('#rows > li');
      this.#activate(row);
      this.#offer(row);
    });
    list.addEventListener('pointerover', (event) => {
      if (event.pointerType === 'mouse') this.#offer(event.target.closest('#rows > li'));
    });
    list.addEventListener('click', (event) => {
      if (event.target.closest('.meta')) this.#details(event.target.closest('[data-id]'));
    });
    copying(list, { store, outbox, lang });
    new ResizeObserver(() => {
      if (this.stuck) this.#toBottom();
      this.onView();
    }).observe(scroller);
  }

  /** Brings the rows up to date; the first visible row stays where it is, to the pixel. */
  flush() {
    const { scroller, list, store: { timeline } } = this;
    this.burst = this.stuck && timeline.items.length - this.count > BURST_ROWS;
    this.count = timeline.items.length;
    if (this.burst) timeline.narrow(BURST_ROWS);
    const anchor = this.stuck ? null : this.#firstVisible();
    const top = anchor?.getBoundingClientRect().top;
    const id = anchor?.dataset.id;
    this.#reconcile(plan(this.store, this.outbox, this.lang, this.now()));
    if (this.stuck) this.#toBottom();
    else if (this.rows.has(id)) {
      scroller.scrollTop += this.rows.get(id).element.getBoundingClientRect().top - top;
      this.top = scroller.scrollTop;
    }
    const last = ':scope > [tabindex]:last-of-type';
    if (!this.active?.isConnected) this.#activate(list.querySelector(last));
    this.anchorId = this.#firstVisible()?.dataset.id ?? null;
    this.#edges();
    this.onView();
  }

  #reconcile(planned) {
    const keep = new Map();
    let at = this.list.firstChild;
    for (const row of planned) {
      const held = this.rows.get(row.key);
      const same = held?.sign === row.sign;
      const element = same ? held.element : build(row, this.tools);
      if (same && held.metaSign !== row.metaSign) renewMeta(element, row);
      if (!held && this.fresh.has(row.key)) element.classList.add('arriving');
      if (held && held.element !== element) {
        if (at === held.element) at = element;
        if (this.active === held.element) this.#swapActive(element);
        held.element.replaceWith(element);
      }
      keep.set(row.key, { sign: row.sign, metaSign: row.metaSign, element });
      if (element === at) at = at.nextSibling;
      else this.list.insertBefore(element, at);
    }
    for (const [key, { element }] of this.rows) if (!keep.has(key)) element.remove();
    this.rows = keep;
    this.fresh.clear();
  }

  #swapActive(element) {
    const focused = document.activeElement === this.active;
    this.active = element;
    element.tabIndex = 0;
    if (focused) queueMicrotask(() => element.focus({ preventScroll: true }));
  }

  #toBottom() {
    this.scroller.scrollTop = this.scroller.scrollHeight;
    this.top = this.scroller.scrollTop;
  }

  #moved() {
    const { scroller } = this;
    const below = scroller.scrollHeight - scroller.clientHeight - scroller.scrollTop;
    // Only a way up leaves the bottom: a log that became smaller has not been scrolled.
    const up = scroller.scrollTop < this.top - 1;
    if (below > STICK_PX && up) this.stuck = false;
    if (below <= STICK_PX && this.store.timeline.showsEnd) this.stuck = true;
    this.top = scroller.scrollTop;
    this.anchorId = this.#firstVisible()?.dataset.id ?? null;
    this.#edges();
    this.onView();
  }

  /** Near an edge, moves the window, or asks for older messages. One step per frame. */
  #edges() {
    if (this.stepping) return;
    const { scroller, store: { timeline } } = this;
    const below = scroller.scrollHeight - scroller.clientHeight - scroller.scrollTop;
    const narrow = timeline.to - timeline.from < WINDOW_MAX - WINDOW_STEP;
    const up = scroller.scrollTop < EDGE_PX && timeline.from > 0 &&
      (this.stuck ? narrow && !this.burst : true);
    const down = !up && below < EDGE_PX && !timeline.showsEnd;
    if (scroller.scrollTop < EDGE_PX && timeline.from === 0) this.onEdge();
    if (!up && !down) return;
    this.stepping = true;
    requestAnimationFrame(() => {
      this.stepping = false;
      if (up && this.burst && this.stuck) return;
      if (up ? timeline.up() : timeline.down()) this.flush();
    });
  }

  #messages() {
    return this.list.querySelectorAll('[data-id]');
  }

  #firstVisible() {
    const edge = this.scroller.getBoundingClientRect().top;
    for (const row of this.#messages()) if (row.getBoundingClientRect().bottom > edge) return row;
    return null;
  }

  /** What is on the screen: ids, and the last message that is wholly there. */
  visible() {
    const { top, bottom } = this.scroller.getBoundingClientRect();
    const ids = new Set();
    let last = null;
    for (const row of this.#messages()) {
      const box = row.getBoundingClientRect();
      if (box.bottom <= top) continue;
      if (box.top >= bottom) break;
      ids.add(row.dataset.id);
      if (box.bottom <= bottom + 1) last = row.dataset.id;
    }
    return { ids, last: this.store.timeline.byId.get(last) ?? null };
  }

  /** To the newest message. */
  toEnd() {
    this.store.timeline.toEnd();
    this.stuck = true;
    this.flush();
  }

  /** To the oldest message that is held; older ones are asked for on the way. */
  toStart() {
    this.stuck = false;
    while (this.store.timeline.up());
    this.flush();
    this.scroller.scrollTop = 0;
  }

  /** To the divider above what is new, where that is further up than the last screen. */
  toNew() {
    const divider = this.rows.get('new')?.element ?? this.#revealNew();
    const beyond = divider && this.scroller.getBoundingClientRect().top -
      divider.getBoundingClientRect().top;
    if (!divider || beyond < 0) return;
    this.stuck = false;
    this.scroller.scrollTop -= beyond + NEW_TOP_PX;
  }

  #revealNew() {
    const { timeline, newAfter } = this.store;
    const first = timeline.items[lowerBound(timeline.items, newAfter) + 1];
    if (!first || !timeline.reveal(first.id)) return null;
    this.stuck = false;
    this.flush();
    return this.rows.get('new')?.element;
  }

  /** Where the reader is, to come back to. */
  place() {
    const row = this.#firstVisible();
    const top = row && row.getBoundingClientRect().top - this.scroller.getBoundingClientRect().top;
    return { stuck: this.stuck, id: row?.dataset.id, top };
  }

  /** Back to a place. */
  restore({ stuck, id, top }) {
    if (stuck || !this.store.timeline.reveal(id)) {
      this.toEnd();
      return;
    }
    this.stuck = false;
    this.flush();
    const now = this.rows.get(id).element.getBoundingClientRect().top;
    this.scroller.scrollTop += now - this.scroller.getBoundingClientRect().top - top;
  }

  /** Shows and focuses a message; false where it is not held. */
  reveal(id) {
    if (!this.store.timeline.reveal(id)) return false;
    this.stuck = false;
    this.flush();
    const row = this.rows.get(id)?.element;
    row?.scrollIntoView({ block: 'center' });
    row?.focus({ preventScroll: true });
    return Boolean(row);
  }

  /** The earliest of these messages in the order. */
  earliest(ids) {
    const { timeline } = this.store;
    const places = [...ids].map((id) => timeline.byId.get(id)).filter(Boolean)
      .map((message) => lowerBound(timeline.items, message));
    return places.length === 0 ? null : timeline.items[Math.min(...places)].id;
  }

  #activate(row) {
    if (!row || row.tabIndex === undefined || !row.hasAttribute('tabindex')) return;
    if (this.active) this.active.tabIndex = -1;
    this.active = row;
    row.tabIndex = 0;
  }

  /** What can be done with a message: one set of buttons, in the row at hand. */
  #acts() {
    const { t } = this.lang;
    const button = (name, picture, action) => el('button', {
      type: 'button', class: 'ib', 'aria-label': t(name), title: t(name), 'data-act': picture,
      onclick: (event) => {
        const row = event.currentTarget.closest('[data-id]');
        action(this.store.timeline.byId.get(row.dataset.id), event.currentTarget);
      },
    }, icon(picture));
    return el('div', { class: 'acts' }, this.time,
      button('copy.message', 'copy', (message, at) => this.actions.copy(message, at)),
      button('details', 'info', (message) => this.actions.details(message)));
  }

  #offer(row) {
    if (!row?.classList.contains('m') || !row.dataset.id || this.acts.parentNode === row) return;
    put(this.time, row.querySelector('.quiet time')?.textContent ?? '');
    row.append(this.acts);
  }

  #details(row) {
    const message = this.store.timeline.byId.get(row?.dataset.id);
    if (message && row.classList.contains('m')) this.actions.details(message);
  }

  #key(event) {
    if (event.key === 'Enter' && event.target.matches('#rows > li')) {
      this.#details(event.target);
      return;
    }
    const rows = [...this.list.querySelectorAll(':scope > [tabindex]')];
    const at = rows.indexOf(event.target);
    const to = { ArrowUp: at - 1, ArrowDown: at + 1, Home: 0, End: rows.length - 1 }[event.key];
    if (at < 0 || to === undefined || !rows[to]) return;
    event.preventDefault();
    rows[to].focus();
  }
}
