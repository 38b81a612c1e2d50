// What was written and is not yet known to be committed. Kept before it is sent; a reference makes
// sending it again harmless. No DOM.

/** @import { Message } from '../../../types/frames' */
/** @import { SafeStorage, Waiting } from '../../../types/page' */

const PREFIX = 'roda.outbox.';

/**
 * Storage that may be missing or full: the conversation goes on without it.
 * @param {Storage | null} storage
 * @returns {SafeStorage}
 */
export function careful(storage) {
  // Without one it fails as any that fails.
  const of = () => /** @type {Storage} */ (storage);
  /** @type {<T>(action: () => T, otherwise: T) => T} */
  const attempt = (action, otherwise) => {
    try {
      return action();
    } catch {
      return otherwise;
    }
  };
  return {
    get: (key) => attempt(() => of().getItem(key), null),
    set: (key, value) => attempt(() => of().setItem(key, value), undefined),
    remove: (key) => attempt(() => of().removeItem(key), undefined),
    keys: () => attempt(() => Array.from({ length: of().length }, (_, i) => of().key(i) ?? ''), []),
  };
}

export class Outbox {
  /**
   * `newRef()` makes references that no other page makes; `now()` is the wall clock in ms.
   * @param {{ storage: SafeStorage, newRef: () => string, now: () => number }} parts
   */
  constructor({ storage, newRef, now }) {
    this.storage = storage;
    this.newRef = newRef;
    this.now = now;
    /** @type {Waiting[]} */
    this.entries = storage.keys().filter((key) => key.startsWith(PREFIX)).map(
      (key) => parse(storage.get(key)),
    ).filter((one) => one !== null).sort((a, b) => a.at - b.at);
  }

  /**
   * Keeps a text; returns its entry.
   * @param {string} text
   * @param {string | null} epoch
   * @returns {Waiting}
   */
  add(text, epoch) {
    const entry = { ref: this.newRef(), text, at: this.now(), epoch, failed: null };
    this.entries.push(entry);
    this.#keep(entry);
    return entry;
  }

  /** @param {Waiting} entry */
  #keep(entry) {
    const { ref, text, at, epoch } = entry;
    this.storage.set(PREFIX + ref, JSON.stringify({ ref, text, at, epoch }));
  }

  /** @param {string} ref */
  find(ref) {
    return this.entries.find((entry) => entry.ref === ref) ?? null;
  }

  /**
   * Committed, or thrown away by its writer.
   * @param {string} ref
   */
  remove(ref) {
    this.entries = this.entries.filter((entry) => entry.ref !== ref);
    this.storage.remove(PREFIX + ref);
  }

  /**
   * The node refused it; the text stays.
   * @param {string} ref
   * @param {string} message
   * @param {string} code
   */
  fail(ref, message, code) {
    const entry = this.find(ref);
    if (entry) Object.assign(entry, { failed: message, code });
    return entry;
  }

  /**
   * To send again on this store's link. What was written for another store waits for a word.
   * @param {string} epoch
   */
  waiting(epoch) {
    for (const entry of this.entries) {
      if (entry.epoch && entry.epoch !== epoch) entry.failed ??= '';
      else if (!entry.failed && !entry.epoch) {
        entry.epoch = epoch;
        this.#keep(entry);
      }
    }
    return this.entries.filter((entry) => entry.failed === null);
  }

  /**
   * The writer asks for another try, on this store.
   * @param {string} ref
   * @param {string | null} epoch
   */
  retry(ref, epoch) {
    const entry = this.find(ref);
    if (!entry) return null;
    Object.assign(entry, { failed: null, epoch });
    this.#keep(entry);
    return entry;
  }

  /**
   * Those of these messages that were sent from here are committed, whatever told of them.
   * @param {Message[]} messages
   */
  settle(messages) {
    for (const { ref } of messages) if (ref && this.find(ref)) this.remove(ref);
  }
}

/**
 * @param {string | null} text
 * @returns {Waiting | null}
 */
function parse(text) {
  try {
    const entry = JSON.parse(text ?? '');
    return entry && entry.ref ? { ...entry, failed: null } : null;
  } catch {
    return null;
  }
}
