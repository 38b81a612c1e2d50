// Tells screen readers what arrived: gathered, so that a burst is a count, and never history.

import { shortened } from '../core/text.js';
import { el, fill } from '../dom/el.js';

/** @import { Message } from '../../../types/frames' */
/** @import { Language, Store } from '../../../types/page' */

/** Words are gathered this long (ms); more messages than this are only counted. */
const GATHER_MS = 1_000;
const SPOKEN_MAX = 3;
/** Characters of one message that are spoken at most. */
const SPOKEN_LENGTH = 300;

export class Announcer {
  /**
   * `region` is a polite live region of its own, apart from the log.
   * @param {{ region: HTMLElement, store: Store, lang: Language }} parts
   */
  constructor({ region, store, lang }) {
    this.region = region;
    this.store = store;
    this.lang = lang;
    /** @type {Message[]} */
    this.heard = [];
    this.late = 0;
    /** @type {ReturnType<typeof setTimeout> | null} */
    this.timer = null;
  }

  /**
   * Messages of others that came now, and how many earlier ones came with them.
   * @param {Message[]} messages
   * @param {number} late
   */
  say(messages, late) {
    if (messages.length === 0 && late === 0) return;
    this.heard.push(...messages);
    this.late += late;
    this.timer ??= setTimeout(() => this.#speak(), GATHER_MS);
  }

  #speak() {
    const { heard, late, lang: { t } } = this;
    this.heard = [];
    this.late = 0;
    this.timer = null;
    const lines = heard.length > SPOKEN_MAX
      ? [t('announce.many', { count: heard.length })]
      : heard.map((one) => t('announce.message', {
        name: this.store.nameOf(one.author, one.name),
        text: shortened(this.store.kinds.spoken(one, t), SPOKEN_LENGTH),
      }));
    if (late > 0) lines.push(t('late.notice', { count: late }));
    fill(this.region, lines.map((line) => el('p', {}, line)));
  }
}
