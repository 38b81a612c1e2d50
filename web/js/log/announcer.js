// Tells screen readers what arrived: gathered, so that a burst is a count, and never history.

import { shortened } from '../core/text.js';
import { el, fill } from '../dom/el.js';

/** Words are gathered this long (ms); more messages than this are only counted. */
const GATHER_MS = 1_000;
const SPOKEN_MAX = 3;
/** Characters of one message that are spoken at most. */
const SPOKEN_LENGTH = 300;

export class Announcer {
  /** `region` is a polite live region of its own, apart from the log. */
  constructor({ region, store, lang }) {
    Object.assign(this, { region, store, lang, heard: [], late: 0, timer: null });
  }

  /** Messages of others that came now, and how many earlier ones came with them. */
  say(messages, late) {
    if (messages.length === 0 && late === 0) return;
    this.heard.push(...messages);
    this.late += late;
    this.timer ??= setTimeout(() => this.#speak(), GATHER_MS);
  }

  #speak() {
    const { heard, late, lang: { t } } = this;
    Object.assign(this, { heard: [], late: 0, timer: null });
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
