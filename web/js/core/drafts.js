// What was begun and not sent: a draft for each tab and circle, kept through reloads. No DOM.
//
// A circle is told by its members: by the node's own id, or by another circle's member list that
// still names it (a node that begins anew as another member stays in its circle).

/** @import { Id } from '../../../types/frames' */
/** @import { SafeStorage } from '../../../types/page' */
/** @typedef {{ tab: string, me: Id | null, text: string, left?: boolean, at: number }} Draft */
/** @typedef {Draft & { stored: boolean }} Kept */

const PREFIX = 'roda.draft.';
/** Where all tabs once kept one draft together. */
const SHARED = 'roda.draft';
/** In the tab's own storage: its name, and a word that it went away by itself. */
const TAB = 'roda.tab';
const WENT = 'roda.tab.went';
/** Drafts kept at most, of tabs that were closed too; the oldest give way. */
export const DRAFTS_MAX = 20;

export class Drafts {
  /**
   * `storage` is shared by tabs, `session` is the tab's own (both as `careful` in outbox.js makes
   * them); `newRef()` makes names that no other tab has.
   * @param {{ storage: SafeStorage, session: SafeStorage, newRef: () => string, now: () => number
   *   }}
   *   parts
   */
  constructor({ storage, session, newRef, now }) {
    this.storage = storage;
    this.newRef = newRef;
    this.now = now;
    this.session = session;
    /** @type {Id | null} */
    this.me = null;
    const kept = session.get(TAB);
    // A tab that has not gone and comes again is a copy of one that is still there.
    const again = Boolean(kept && session.get(WENT));
    this.tab = kept && again ? kept : newRef();
    session.set(TAB, this.tab);
    session.remove(WENT);
    /** @type {Kept | null} */
    this.held = this.#begin(again, kept);
  }

  /**
   * @param {boolean} again
   * @param {string | null} kept
   * @returns {Kept | null}
   */
  #begin(again, kept) {
    const all = this.#all();
    const own = all.find((one) => one.tab === this.tab);
    if (own) return this.#take(own);
    const copied = !again && all.find((one) => one.tab === kept);
    if (copied) return this.#write({ ...copied, tab: this.tab, left: false });
    const shared = this.storage.get(SHARED);
    this.storage.remove(SHARED);
    if (shared) return this.#write({ tab: this.tab, text: shared, me: null });
    const left = all.find((one) => one.left && one.text !== '');
    return left ? this.#take(left) : null;
  }

  /** The draft of now, for this tab to show. */
  get text() {
    return this.held?.text ?? '';
  }

  /**
   * Says which circle this is; `members` has the ids of its members. Returns the text to show where
   * that is another one than before, else null.
   * @param {Id} me
   * @param {Map<Id, unknown>} members
   */
  enter(me, members) {
    if (this.me === me) return null;
    this.me = me;
    /** @param {Draft} one */
    const here = (one) => one.me === null || one.me === me || members.has(one.me);
    if (this.held && here(this.held)) {
      if (this.held.me !== me) this.#write({ ...this.held, me });
      return null;
    }
    const before = this.text;
    // What belongs to another circle stays there, for this tab to find when it is back.
    if (this.held) this.#write({ ...this.held, left: true });
    const found = this.#all().find((one) => here(one) && (one.tab === this.tab || one.left));
    this.held = found ? this.#take(found) : null;
    return this.text === before ? null : this.text;
  }

  /**
   * Keeps what is written now.
   * @param {string} text
   */
  keep(text) {
    if (this.held) this.storage.remove(keyOf(this.held));
    this.held = text === '' ? null
      : this.#write({ tab: this.tab, me: this.me ?? this.held?.me ?? null, text });
  }

  /**
   * It was sent: it leaves every tab. An open one is told by a draft that is empty.
   * @param {string} text
   */
  sent(text) {
    this.keep('');
    for (const one of this.#all().filter((other) => other.text.trim() === text.trim())) {
      if (one.left) this.storage.remove(keyOf(one));
      else this.#write({ ...one, text: '' });
    }
  }

  /** Another tab has changed the storage: true where it has sent what is the draft here too. */
  taken() {
    const now = this.held && parse(this.storage.get(keyOf(this.held)));
    if (!now || now.text !== '') return false;
    this.keep('');
    return true;
  }

  /** The page goes: a reload finds the draft by the tab's name, another tab as a left one. */
  leave() {
    this.session.set(WENT, '1');
    if (this.held) this.#write({ ...this.held, left: true });
  }

  /** The page is back as it was; true where another tab has taken its draft meanwhile. */
  back() {
    this.session.remove(WENT);
    const { held } = this;
    if (!held) return false;
    const taken = held.stored && this.storage.get(keyOf(held)) === null;
    this.held = taken ? null : this.#write({ ...held, left: false });
    return taken;
  }

  /**
   * Makes a draft this tab's.
   * @param {Draft} one
   */
  #take(one) {
    this.storage.remove(keyOf(one));
    return this.#write({ ...one, tab: this.tab, left: false });
  }

  /**
   * @param {Omit<Draft, 'at'>} draft
   * @returns {Kept}
   */
  #write({ tab, me, text, left = false }) {
    const draft = { tab, me, text, left, at: this.now() };
    this.storage.set(keyOf(draft), JSON.stringify(draft));
    for (const one of this.#all().slice(DRAFTS_MAX)) this.storage.remove(keyOf(one));
    return { ...draft, stored: this.storage.get(keyOf(draft)) !== null };
  }

  /** All that are kept, the newest first. */
  #all() {
    return this.storage.keys().filter((key) => key.startsWith(PREFIX))
      .map((key) => parse(this.storage.get(key))).filter((one) => one !== null)
      .sort((a, b) => b.at - a.at);
  }
}

/** @param {{ tab: string, me: Id | null }} draft */
const keyOf = ({ tab, me }) => `${PREFIX}${me ?? ''}.${tab}`;

/**
 * @param {string | null} text
 * @returns {Draft | null}
 */
function parse(text) {
  try {
    const draft = JSON.parse(text ?? '');
    return typeof draft?.text === 'string' && draft.tab ? { me: null, ...draft } : null;
  } catch {
    return null;
  }
}
