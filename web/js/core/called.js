// What members were called, as their profiles said it one after the other. No DOM.

/** @import { Id, Message } from '../../../types/frames' */
/** @import { Kinds } from './kinds.js' */

export class Called {
  /** @param {Kinds} kinds */
  constructor(kinds) {
    this.kinds = kinds;
    /** @type {Map<Id, Map<number, string>>} */
    this.names = new Map();
  }

  /** @param {Message[]} messages */
  learn(messages) {
    for (const message of messages) {
      const name = this.kinds.of(message).names?.(message);
      if (!name) continue;
      const names = this.names.get(message.author) ?? new Map();
      this.names.set(message.author, names.set(message.seq, name));
    }
  }

  /**
   * What the author was called before this profile; null where that is not held.
   * @param {Message} message
   */
  before({ author, seq }) {
    return this.latest(author, seq);
  }

  /**
   * @param {Id} id
   * @param {number} before
   */
  latest(id, before = Infinity) {
    const names = this.names.get(id) ?? new Map();
    const earlier = [...names.keys()].filter((seq) => seq < before);
    return names.get(Math.max(...earlier)) ?? null;
  }
}
