// The log on the screen: keeps the rows in step with the window, and the reader's place.

import { build, plan } from './rows.js';
import { lowerBound } from './timeline.js';

/** Within this distance of the bottom the reader counts as being there (px). */
const STICK_PX = 40;
/** Nearer than this to an edge, more rows are brought (px). */
const EDGE_PX = 600;

export class Log {
  /** `onEdge()` asks the node for older messages; `onView()` is told that the view has moved. */
  constructor({ scroller, list, store, outbox, lang, now, actions, onEdge, onView }) {
    Object.assign(this, { scroller, list, store, outbox, lang, now, actions, onEdge, onView });
    this.rows = new Map();
    this.stuck = true;
    this.top = 0;
    this.anchorId = null;
    this.active = null;
    store.follow = () => ({
      follow: this.stuck && store.timeline.showsEnd, anchor: this.anchorId,
    });
    scroller.addEventListener('scroll', () => this.#moved(), { passive: true });
    list.addEventListener('keydown', (event) => this.#key(event));
    list.addEventListener('focusin', (event) => this.#activate(event.target.closest('li')));
    new ResizeObserver(() => {
      if (this.stuck) this.#toBottom();
      this.onView();
    }).observe(scroller);
  }

  /** Brings the rows up to date; the first visible row stays where it is, to the pixel. */
  flush() {
    const { scroller, list } = this;
    const anchor = this.stuck ? null : this.#firstVisible();
    const top = anchor?.getBoundingClientRect().top;
    const id = anchor?.dataset.id;
    this.#reconcile(plan(this.store, this.outbox, this.lang, this.now()));
    if (this.stuck) this.#toBottom();
    else if (this.rows.has(id)) {
      scroller.scrollTop += this.rows.get(id).element.getBoundingClientRect().top - top;
      this.top = scroller.scrollTop;
    }
    if (!this.active?.isConnected) this.#activate(list.querySelector('[tabindex]:last-of-type'));
    this.anchorId = this.#firstVisible()?.dataset.id ?? null;
    this.#edges();
    this.onView();
  }

  #reconcile(planned) {
    const keep = new Map();
    let at = this.list.firstChild;
    for (const row of planned) {
      const held = this.rows.get(row.key);
      const element = held?.sign === row.sign ? held.element : build(row, this.actions);
      if (held && held.element !== element) {
        if (at === held.element) at = element;
        if (this.active === held.element) this.#swapActive(element);
        held.element.replaceWith(element);
      }
      keep.set(row.key, { sign: row.sign, element });
      if (element === at) at = at.nextSibling;
      else this.list.insertBefore(element, at);
    }
    for (const [key, { element }] of this.rows) if (!keep.has(key)) element.remove();
    this.rows = keep;
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
    const up = scroller.scrollTop < EDGE_PX && !this.stuck && timeline.from > 0;
    const down = !up && below < EDGE_PX && !timeline.showsEnd;
    if (scroller.scrollTop < EDGE_PX && timeline.from === 0) this.onEdge();
    if (!up && !down) return;
    this.stepping = true;
    requestAnimationFrame(() => {
      this.stepping = false;
      if (up && this.stuck) return;
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

  #key(event) {
    const rows = [...this.list.querySelectorAll(':scope > [tabindex]')];
    const at = rows.indexOf(event.target);
    const to = { ArrowUp: at - 1, ArrowDown: at + 1, Home: 0, End: rows.length - 1 }[event.key];
    if (at < 0 || to === undefined || !rows[to]) return;
    event.preventDefault();
    rows[to].focus();
  }
}
