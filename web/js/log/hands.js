// Hands on the log: what can be done with a message, which row the keyboard is at, and whether
// something is held.

import { el, icon, put } from '../dom/el.js';

/** @import { Message } from '../../../types/frames' */
/** @import { Actions, Translate } from '../../../types/page' */
/** @typedef {(row: HTMLElement) => Message | null} Find */
/** @typedef {{ Home(): void, End(): void }} Ends */

/** @type {(event: Event) => Element} */
const targetOf = (event) => /** @type {Element} */ (event.target);
/** @type {(event: Event) => HTMLElement | null} */
const rowOf = (event) => targetOf(event).closest('#rows > li');

/** What may be a stop for Tab within a row. */
const WITHIN = 'a[href], button, summary, pre';

/**
 * Makes what a row holds no stop.
 * @param {HTMLElement} row
 * @param {number} tabIndex
 */
export function quiet(row, tabIndex = -1) {
  /** @type {NodeListOf<HTMLElement>} */
  const stops = row.querySelectorAll(WITHIN);
  for (const one of stops) one.tabIndex = tabIndex;
}

/**
 * The log is one stop for Tab: the row at hand. Arrows lead from row to row; a row's own links and
 * buttons are stops only while it is at hand.
 */
class Focus {
  /**
   * `onRow(row)`: this one is at hand; `onOpen(row)`: Enter; `ends`: what Home and End do.
   * @param {{
   *   scroller: HTMLElement, list: HTMLElement, onRow: (row: HTMLElement | null) => void,
   *   onOpen: (row: HTMLElement) => void, ends: Ends,
   * }} parts
   */
  constructor({ scroller, list, onRow, onOpen, ends }) {
    this.list = list;
    this.onRow = onRow;
    this.onOpen = onOpen;
    this.ends = ends;
    /** @type {HTMLElement | null} */
    this.active = null;
    this.focused = false;
    list.addEventListener('focusin', (event) => {
      const row = rowOf(event);
      this.activate(row);
      onRow(row);
    });
    scroller.addEventListener('keydown', (event) => this.#key(event));
  }

  /** Whether the keyboard is in the log. */
  get within() {
    return this.list.contains(document.activeElement);
  }

  /** @param {HTMLElement | null} row */
  activate(row) {
    if (!row?.hasAttribute('tabindex') || row === this.active) return;
    if (this.active) {
      this.active.tabIndex = -1;
      quiet(this.active);
    }
    this.active = row;
    row.tabIndex = 0;
    quiet(row, 0);
  }

  /**
   * A row was made anew.
   * @param {HTMLElement} row
   */
  swap(row) {
    const focused = document.activeElement === this.active;
    this.active = null;
    this.activate(row);
    if (focused) queueMicrotask(() => row.focus({ preventScroll: true }));
  }

  /**
   * After rows have come and gone: `shown` is a row in view.
   * @param {HTMLElement | null} shown
   */
  renew(shown) {
    if (this.active?.isConnected && this.within) return;
    const lost = this.active && !this.active.isConnected && this.focused;
    this.activate(shown);
    if (lost) shown?.focus({ preventScroll: true });
  }

  /** To be called before rows go: whether one of them has the focus. */
  before() {
    this.focused = this.within;
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const { key } = event;
    const target = /** @type {HTMLElement} */ (event.target);
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (key === 'Home' || key === 'End') {
      event.preventDefault();
      this.ends[key]();
      return;
    }
    if (!target.matches('#rows > li')) return;
    if (key === 'Enter') this.onOpen(target);
    /** @type {NodeListOf<HTMLElement>} */
    const all = this.list.querySelectorAll(':scope > [tabindex]');
    const rows = [...all];
    const step = key === 'ArrowUp' ? -1 : key === 'ArrowDown' ? 1 : Infinity;
    const to = rows[rows.indexOf(target) + step];
    if (!to) return;
    event.preventDefault();
    to.focus();
  }
}

/**
 * `actions`: `copy(message, button)`, `details(message)`; `find(row)` is a row's message.
 * @param {{ t: Translate, actions: Actions, find: Find }} parts
 */
function acts({ t, actions, find }) {
  /** @typedef {(message: Message, at: HTMLElement) => void} Act */
  /** @type {(name: string, picture: string, action: Act) => HTMLElement} */
  const button = (name, picture, action) => el('button', {
    type: 'button', class: 'ib', 'aria-label': t(name), title: t(name), 'data-act': picture,
    onclick: (/** @type {Event} */ event) => {
      const at = /** @type {HTMLElement} */ (event.currentTarget);
      const row = /** @type {HTMLElement | null} */ (at.closest('[data-id]'));
      const message = row && find(row);
      if (message) action(message, at);
    },
  }, icon(picture));
  const time = el('span', { class: 'at', 'aria-hidden': 'true' });
  const set = el('div', { class: 'acts' }, time,
    button('copy.message', 'copy', (message, at) => actions.copy(message, at)),
    button('details', 'info', (message) => actions.details(message)));
  return {
    /**
     * Puts them into a message's row.
     * @param {HTMLElement | null} row
     */
    offer(row) {
      if (!row?.classList.contains('m') || !row.dataset.id) return;
      if (set.parentNode !== row && set.contains(document.activeElement)) return;
      put(time, row.querySelector('.quiet time')?.textContent ?? '');
      if (set.parentNode !== row) row.append(set);
      for (const one of set.querySelectorAll('button')) one.tabIndex = row.tabIndex;
    },
  };
}

/**
 * Mouse and keyboard on the rows; returns which of them is at hand. `ends`: as for `Focus`.
 * @param {{
 *   scroller: HTMLElement, list: HTMLElement, t: Translate, actions: Actions, find: Find, ends:
 *   Ends,
 * }} parts
 */
export function hands({ scroller, list, t, actions, find, ends }) {
  const buttons = acts({ t, actions, find });
  /** @param {HTMLElement | null} row */
  const details = (row) => {
    const message = row?.classList.contains('m') ? find(row) : null;
    if (message) actions.details(message);
  };
  list.addEventListener('pointerover', (event) => {
    if (event.pointerType === 'mouse') buttons.offer(rowOf(event));
  });
  list.addEventListener('click', (event) => {
    if (targetOf(event).closest('.meta')) details(targetOf(event).closest('[data-id]'));
  });
  return new Focus({
    scroller, list, onRow: (row) => buttons.offer(row), onOpen: details, ends,
  });
}

/** Whether the reader has the log in hand: then nothing moves under it. */
export class Hold {
  /**
   * `onFree()` is told when the reader has let go.
   * @param {{ scroller: HTMLElement, list: HTMLElement, onFree: () => void }} parts
   */
  constructor({ scroller, list, onFree }) {
    this.list = list;
    this.onFree = onFree;
    this.pressed = false;
    this.dragging = false;
    this.selects = false;
    /** @type {HTMLElement | null} */
    this.row = null;
    scroller.addEventListener('pointerdown', (event) => {
      this.pressed = true;
      this.row = rowOf(event);
      // Beside what it holds is the scrollbar alone.
      this.dragging = event.target === scroller && event.offsetX >= scroller.clientWidth;
    });
    for (const name of ['pointerup', 'pointercancel', 'blur']) {
      window.addEventListener(name, () => this.#release());
    }
    // A browser tells nobody of a button that was let go over a scrollbar.
    window.addEventListener('pointermove', (event) => event.buttons === 0 && this.#release());
    document.addEventListener('selectionchange', () => this.#selected());
  }

  get held() {
    return this.pressed || this.selects;
  }

  /**
   * Whether this row is in hand: made anew, it would take along what is selected in it.
   * @param {HTMLElement} row
   */
  holds(row) {
    return (this.pressed && row === this.row) ||
      Boolean(this.selects && document.getSelection()?.containsNode(row, true));
  }

  #release() {
    if (!this.pressed) return;
    this.pressed = false;
    this.dragging = false;
    if (!this.held) this.onFree();
  }

  #selected() {
    const selection = document.getSelection();
    const before = this.selects;
    this.selects = Boolean(selection && !selection.isCollapsed &&
      this.list.contains(selection.anchorNode));
    if (before && !this.held) this.onFree();
  }
}
