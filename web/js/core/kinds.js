// Kinds of entries as the page knows them: each is a file of `kinds/`. No DOM.

import { plain } from './markdown.js';

/** @import { Message } from '../../../types/frames' */
/** @import { Kind, Translate } from '../../../types/page' */

export class Kinds {
  /**
   * `all` that are known, and how any `other` is shown.
   * @param {Kind[]} all
   * @param {Kind} other
   */
  constructor(all, other) {
    this.other = other;
    this.byName = new Map(all.map((kind) => [kind.name, kind]));
  }

  /**
   * The kind of a message.
   * @param {{ kind: string }} message
   */
  of({ kind }) {
    return this.byName.get(kind) ?? this.other;
  }

  /**
   * Whether a message is a line in the log, which nobody waits for to be read.
   * @param {Message} message
   */
  isLine(message) {
    return Boolean(this.of(message).line);
  }

  /**
   * What its author wrote, with its marks; null where a message is something else.
   * @param {Message} message
   */
  textOf(message) {
    return this.of(message).text?.(message) ?? null;
  }

  /**
   * What is to be read of a message that is no line.
   * @param {Message} message
   * @param {Translate} t
   */
  words(message, t) {
    return this.of(message).row?.(message, t).text ?? '';
  }

  /**
   * A message that is no line in words, on one line: for a notification, or to be spoken.
   * @param {Message} message
   * @param {Translate} t
   */
  spoken(message, t) {
    const text = this.textOf(message);
    return text === null ? this.words(message, t) : plain(text);
  }
}
