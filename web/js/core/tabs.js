// Tabs of one browser on one node: what is read in one is read in all, and what one shows is not
// news in another. No DOM; the channel is given.

/** @import { Marks } from '../../../types/frames' */
/** @import { Store, Timers } from '../../../types/page' */

/** @typedef {{ read?: Marks, asks?: string, answers?: string }} Words */

/** A tab that is looked at answers within this time (ms). */
export const ANSWER_MS = 100;

export class Tabs {
  /**
   * `watched()`: whether somebody looks here; `onRead(marks)`: another tab has told them.
   * @param {{
   *   channel: BroadcastChannel | null, timers: Timers, store: Pick<Store, 'epoch' | 'me'>,
   *   watched: () => boolean, onRead: (marks: Marks) => void,
   * }} parts
   */
  constructor({ channel, timers, store, watched, onRead }) {
    this.channel = channel;
    this.timers = timers;
    this.store = store;
    this.watched = watched;
    this.onRead = onRead;
    this.serial = 0;
    /** @type {Map<string, () => void>} */
    this.waiting = new Map();
    if (channel) channel.onmessage = ({ data }) => this.#heard(data);
  }

  /** @param {Words} words */
  #say(words) {
    const { epoch, me } = this.store;
    this.channel?.postMessage({ epoch, me, ...words });
  }

  /** @param {Words & { epoch: string | null, me: string | null }} words */
  #heard({ epoch, me, read, asks, answers }) {
    if (epoch !== this.store.epoch || me !== this.store.me) return;
    if (read) this.onRead(read);
    if (asks && this.watched()) this.#say({ answers: asks });
    if (answers) this.waiting.delete(answers);
  }

  /**
   * Tells the others what was read here.
   * @param {Marks} marks
   */
  read(marks) {
    this.#say({ read: marks });
  }

  /**
   * Does something unless another tab is looked at.
   * @param {() => void} action
   */
  unlessWatched(action) {
    this.serial += 1;
    const asks = `${this.serial} ${Math.random()}`;
    this.waiting.set(asks, action);
    this.#say({ asks });
    this.timers.set(() => {
      const wanted = this.waiting.get(asks);
      this.waiting.delete(asks);
      wanted?.();
    }, ANSWER_MS);
  }
}
