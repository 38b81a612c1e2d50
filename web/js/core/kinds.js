// Kinds of entries as the page knows them: each is a file of `kinds/`. No DOM.

import { plain } from './markdown.js';

export class Kinds {
  /** `all` that are known, and how any `other` is shown. */
  constructor(all, other) {
    this.other = other;
    this.byName = new Map(all.map((kind) => [kind.name, kind]));
  }

  /** The kind of a message. */
  of({ kind }) {
    return this.byName.get(kind) ?? this.other;
  }

  /** Whether a message is a line in the log, which nobody waits for to be read. */
  isLine(message) {
    return Boolean(this.of(message).line);
  }

  /** What its author wrote, with its marks; null where a message is something else. */
  textOf(message) {
    return this.of(message).text?.(message) ?? null;
  }

  /** A message that is no line in words, on one line: for a notification, or to be spoken. */
  spoken(message, t) {
    const text = this.textOf(message);
    return text === null ? this.of(message).row(message, t).text : plain(text);
  }
}
