// How the reader wants the page: kept in this browser, for this node's address. No DOM.

/** Before every key in the storage; `look.js` knows it too. */
export const PREFIX = 'roda.pref.';

/** Values that each preference may have; the first is the default. */
export const CHOICES = {
  language: ['auto', 'en', 'pt-BR'],
  theme: ['auto', 'light', 'dark'],
  size: ['normal', 'small', 'large', 'huge'],
  notify: [false, true],
  sound: [false, true],
  /** Whether the page has once offered to notify. */
  offered: [false, true],
  /** Whether it has once said what a full ring is, and that a message can be held. */
  ringTold: [false, true],
  pressTold: [false, true],
};

export class Prefs {
  /** `storage` as `careful` in outbox.js makes it: it may be missing or full. */
  constructor({ storage }) {
    this.storage = storage;
    this.listeners = new Set();
    this.values = new Map(Object.keys(CHOICES).map((key) => [key, this.#stored(key)]));
  }

  /** The value now. An unknown key is a mistake of the caller. */
  get(key) {
    if (!this.values.has(key)) throw new Error(`there is no preference ${key}`);
    return this.values.get(key);
  }

  /** Keeps a value and tells the listeners where it is another one. */
  set(key, value) {
    const before = this.get(key);
    if (!CHOICES[key].includes(value)) throw new Error(`${key} cannot be ${value}`);
    this.storage.set(PREFIX + key, String(value));
    this.#change(key, before, value);
  }

  /** Takes over what another tab has changed. */
  refresh() {
    for (const [key, before] of [...this.values]) this.#change(key, before, this.#stored(key));
  }

  /** Calls `listener(key, value)` at every change; returns how to stop. */
  subscribe(listener) {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  #stored(key) {
    const text = this.storage.get(PREFIX + key);
    return CHOICES[key].find((choice) => String(choice) === text) ?? CHOICES[key][0];
  }

  #change(key, before, value) {
    this.values.set(key, value);
    if (value !== before) for (const listener of [...this.listeners]) listener(key, value);
  }
}
