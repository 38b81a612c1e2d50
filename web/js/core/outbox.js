// What was written and is not yet known to be committed. Kept before it is sent; a reference makes
// sending it again harmless. No DOM.

const PREFIX = 'roda.outbox.';

/** Storage that may be missing or full: the conversation goes on without it. */
export function careful(storage) {
  const attempt = (action, otherwise) => {
    try {
      return action();
    } catch {
      return otherwise;
    }
  };
  return {
    get: (key) => attempt(() => storage.getItem(key), null),
    set: (key, value) => attempt(() => storage.setItem(key, value), undefined),
    remove: (key) => attempt(() => storage.removeItem(key), undefined),
    keys: () => attempt(() => Array.from({ length: storage.length }, (_, i) => storage.key(i)), []),
  };
}

export class Outbox {
  /** `newRef()` makes references that no other page makes; `now()` is the wall clock in ms. */
  constructor({ storage, newRef, now }) {
    Object.assign(this, { storage, newRef, now });
    this.entries = storage.keys().filter((key) => key.startsWith(PREFIX)).map(
      (key) => parse(storage.get(key)),
    ).filter(Boolean).sort((a, b) => a.at - b.at);
  }

  /** Keeps a text; returns its entry. */
  add(text, epoch) {
    const entry = { ref: this.newRef(), text, at: this.now(), epoch, failed: null };
    this.entries.push(entry);
    this.#keep(entry);
    return entry;
  }

  #keep(entry) {
    const { ref, text, at, epoch } = entry;
    this.storage.set(PREFIX + ref, JSON.stringify({ ref, text, at, epoch }));
  }

  find(ref) {
    return this.entries.find((entry) => entry.ref === ref) ?? null;
  }

  /** Committed, or thrown away by its writer. */
  remove(ref) {
    this.entries = this.entries.filter((entry) => entry.ref !== ref);
    this.storage.remove(PREFIX + ref);
  }

  /** The node refused it; the text stays. */
  fail(ref, message, code) {
    const entry = this.find(ref);
    if (entry) Object.assign(entry, { failed: message, code });
    return entry;
  }

  /** To send again on this store's link. What was written for another store waits for a word. */
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

  /** The writer asks for another try, on this store. */
  retry(ref, epoch) {
    const entry = this.find(ref);
    if (!entry) return null;
    Object.assign(entry, { failed: null, epoch });
    this.#keep(entry);
    return entry;
  }

  /** Those of these messages that were sent from here are committed, whatever told of them. */
  settle(messages) {
    for (const { ref } of messages) if (ref && this.find(ref)) this.remove(ref);
  }
}

function parse(text) {
  try {
    const entry = JSON.parse(text);
    return entry && entry.ref ? { ...entry, failed: null } : null;
  } catch {
    return null;
  }
}
