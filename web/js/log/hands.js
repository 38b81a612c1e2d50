// Hands on the log: what can be done with a message, which row the keyboard is at, and whether
// something is held.

import { el, icon, put } from '../dom/el.js';

/** What may be a stop for Tab within a row. */
const WITHIN = 'a[href], button, summary, pre';

/** Makes what a row holds no stop. */
export function quiet(row, tabIndex = -1) {
  for (const one of row.querySelectorAll(WITHIN)) one.tabIndex = tabIndex;
}

/**
 * The log is one stop for Tab: the row at hand. Arrows lead from row to row; a row's own links and
 * buttons are stops only while it is at hand.
 */
class Focus {
  /** `onRow(row)`: this one is at hand; `onOpen(row)`: Enter; `ends`: what Home and End do. */
  constructor({ scroller, list, onRow, onOpen, ends }) {
    Object.assign(this, { list, onRow, onOpen, ends, active: null });
    list.addEventListener('focusin', (event) => {
      const row = event.target.closest('#rows > li');
      this.activate(row);
      onRow(row);
    });
    scroller.addEventListener('keydown', (event) => this.#key(event));
  }

  /** Whether the keyboard is in the log. */
  get within() {
    return this.list.contains(document.activeElement);
  }

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

  /** A row was made anew. */
  swap(row) {
    const focused = document.activeElement === this.active;
    this.active = null;
    this.activate(row);
    if (focused) queueMicrotask(() => row.focus({ preventScroll: true }));
  }

  /** After rows have come and gone: `shown` is a row in view. */
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

  #key(event) {
    const { key, target } = event;
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (key === 'Home' || key === 'End') {
      event.preventDefault();
      this.ends[key]();
      return;
    }
    if (!target.matches('#rows > li')) return;
    if (key === 'Enter') this.onOpen(target);
    const rows = [...this.list.querySelectorAll(':scope > [tabindex]')];
    const to = rows[rows.indexOf(target) + ({ ArrowUp: -1, ArrowDown: 1 }[key] ?? Infinity)];
    if (!to) return;
    event.preventDefault();
    to.focus();
  }
}

/** `actions`: `copy(message, button)`, `details(message)`; `find(row)` is a row's message. */
function acts({ t, actions, find }) {
  const button = (name, picture, action) => el('button', {
    type: 'button', class: 'ib', 'aria-label': t(name), title: t(name), 'data-act': picture,
    onclick: (event) => action(find(event.currentTarget.closest('[data-id]')), event.currentTarget),
  }, icon(picture));
  const time = el('span', { class: 'at', 'aria-hidden': 'true' });
  const set = el('div', { class: 'acts' }, time,
    button('copy.message', 'copy', (message, at) => actions.copy(message, at)),
    button('details', 'info', (message) => actions.details(message)));
  return {
    /** Puts them into a message's row. */
    offer(row) {
      if (!row?.classList.contains('m') || !row.dataset.id) return;
      if (set.parentNode !== row && set.contains(document.activeElement)) return;
      put(time, row.querySelector('.quiet time')?.textContent ?? '');
      if (set.parentNode !== row) row.append(set);
      for (const one of set.querySelectorAll('button')) one.tabIndex = row.tabIndex;
    },
  };
}

/** Mouse and keyboard on the rows; returns which of them is at hand. `ends`: as for `Focus`. */
export function hands({ scroller, list, t, actions, find, ends }) {
  const buttons = acts({ t, actions, find });
  const details = (row) => {
    if (row?.classList.contains('m') && find(row)) actions.details(find(row));
  };
  list.addEventListener('pointerover', (event) => {
    if (event.pointerType === 'mouse') buttons.offer(event.target.closest('#rows > li'));
  });
  list.addEventListener('click', (event) => {
    if (event.target.closest('.meta')) details(event.target.closest('[data-id]'));
  });
  return new Focus({
    scroller, list, onRow: (row) => buttons.offer(row), onOpen: details, ends,
  });
}

/** Whether the reader has the log in hand: then nothing moves under it. */
export class Hold {
  /** `onFree()` is told when the reader has let go. */
  constructor({ scroller, list, onFree }) {
    Object.assign(this, { list, onFree, pressed: false, dragging: false, selects: false });
    scroller.addEventListener('pointerdown', (event) => {
      this.pressed = true;
      this.row = event.target.closest('#rows > li');
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

  /** Whether this row is in hand: made anew, it would take along what is selected in it. */
  holds(row) {
    return (this.pressed && row === this.row) ||
      (this.selects && document.getSelection().containsNode(row, true));
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
    this.selects = !selection.isCollapsed && this.list.contains(selection.anchorNode);
    if (before && !this.held) this.onFree();
  }
}
