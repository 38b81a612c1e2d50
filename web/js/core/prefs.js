// How the reader wants the page: kept in this browser, for this node's address. No DOM.

/** @import { SafeStorage } from '../../../types/page' */
/** @typedef {keyof typeof CHOICES} Key */
/** @typedef {(key: Key, value: string | boolean) => void} Listener */

/** Before every key in the storage; `look.js` knows it too. */
export const PREFIX = 'roda.pref.';

/** Values that each preference may have; the first is the default. */
export const CHOICES = /** @type {const} */ ({
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
});

/** @type {(key: Key) => readonly (string | boolean)[]} */
const choices = (key) => CHOICES[key];

export class Prefs {
  /**
   * `storage` as `careful` in outbox.js makes it: it may be missing or full.
   * @param {{ storage: SafeStorage }} parts
   */
  constructor({ storage }) {
    this.storage = storage;
    /** @type {Set<Listener>} */
    this.listeners = new Set();
    const keys = /** @type {Key[]} */ (Object.keys(CHOICES));
    this.values = new Map(keys.map((key) => [key, this.#stored(key)]));
  }

  /**
   * The value now. An unknown key is a mistake of the caller.
   * @param {Key} key
   */
  get(key) {
    const value = this.values.get(key);
    if (value === undefined) throw new Error(`there is no preference ${key}`);
    return value;
  }

  /**
   * Keeps a value and tells the listeners where it is another one.
   * @param {Key} key
   * @param {string | boolean} value
   */
  set(key, value) {
    const before = this.get(key);
    if (!choices(key).includes(value)) throw new Error(`${key} cannot be ${value}`);
    this.storage.set(PREFIX + key, String(value));
    this.#change(key, before, value);
  }

  /** Takes over what another tab has changed. */
  refresh() {
    for (const [key, before] of [...this.values]) this.#change(key, before, this.#stored(key));
  }

  /**
   * Calls `listener(key, value)` at every change; returns how to stop.
   * @param {Listener} listener
   */
  subscribe(listener) {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** @param {Key} key */
  #stored(key) {
    const text = this.storage.get(PREFIX + key);
    const all = choices(key);
    return all.find((choice) => String(choice) === text) ?? all[0];
  }

  /**
   * @param {Key} key
   * @param {string | boolean} before
   * @param {string | boolean} value
   */
  #change(key, before, value) {
    this.values.set(key, value);
    if (value !== before) for (const listener of [...this.listeners]) listener(key, value);
  }
}
