// Decides what was really read: on the screen of a focused page for a second. No DOM.

/** How long a message must have been visible (ms). */
export const READ_MS = 1_000;

export class Reader {
  /** `look()` gives `{ids, last}` or null where nobody looks; `onRead(last, ids)` is told. */
  constructor({ timers, look, onRead, compare }) {
    Object.assign(this, { timers, look, onRead, compare });
    this.began = null;
  }

  /** The view may have changed. */
  moved() {
    const view = this.look();
    if (!view || view.ids.size === 0) {
      this.began = null;
      this.timers.clear(this.timer);
      return;
    }
    if (this.began || this.#same(view)) return;
    this.began = view;
    this.timer = this.timers.set(() => this.#passed(), READ_MS);
  }

  #same({ ids, last }) {
    const told = this.told;
    return told && told.last?.id === last?.id && [...ids].every((id) => told.ids.has(id));
  }

  #passed() {
    const began = this.began;
    this.began = null;
    const view = this.look();
    if (!view) return;
    const ids = new Set([...began.ids].filter((id) => view.ids.has(id)));
    const both = began.last && view.last;
    const last = both ? (this.compare(began.last, view.last) < 0 ? began.last : view.last) : null;
    this.told = { ids, last };
    if (ids.size > 0) this.onRead(last, ids);
    this.moved();
  }
}
