// What nobody can know by looking is said once, where it is first met.

/** @import { Store, Translate } from '../../../types/page' */
/** @import { Prefs } from './prefs.js' */

/** A hint stays this long (ms): time to read two sentences twice. */
const HINT_MS = 30_000;
/** Messages that are looked through for a ring that has filled. */
const RECENT = 150;

export class Hints {
  /**
   * `say(text, ms)` shows a line to the reader.
   * @param {{
   *   prefs: Prefs, store: Store, t: Translate, say: (text: string, ms: number) => void,
   * }} parts
   */
  constructor({ prefs, store, t, say }) {
    this.prefs = prefs;
    this.store = store;
    this.t = t;
    this.say = say;
  }

  /** Own messages may have come further: the first ring that fills is explained. */
  ring() {
    const { prefs, store } = this;
    if (prefs.get('ringTold')) return;
    const full = store.timeline.items.slice(-RECENT).some((message) => {
      if (message.author !== store.me || store.kinds.textOf(message) === null) return false;
      const { state, of } = store.marks(message);
      return of > 0 && state !== 'kept';
    });
    if (full) this.#once('ringTold', 'hint.ring');
  }

  /** A message was tapped; nothing shows that it can be held. */
  tapped() {
    if (!this.prefs.get('pressTold')) this.#once('pressTold', 'hint.press');
  }

  /** Whoever has held a message needs not be told how. */
  pressed() {
    this.prefs.set('pressTold', true);
  }

  /**
   * @param {'ringTold' | 'pressTold'} pref
   * @param {string} words
   */
  #once(pref, words) {
    this.prefs.set(pref, true);
    this.say(this.t(words), HINT_MS);
  }
}
