// Notifications, the count of unread messages in title and icon, and a sound. No DOM: `shell`
// does what a browser does.

import { shortened } from './text.js';

/** @import { Message } from '../../../types/frames' */
/** @import { Clock, Language, Shell, Store, TimerId } from '../../../types/page' */
/** @import { Prefs } from './prefs.js' */

/** At most one notification and one sound within this time (ms). */
const REST_MS = 2_000;
/** Characters of a message that a notification shows at most. */
const BODY_MAX = 140;

export class Notifier {
  /**
   * `shell`: `possible()`, `permission()`, `request()`, `show({title, body, tag, onClick})`,
   * `badge(count)`, `beep()`. `onOpen(message)` is told of a click.
   * @param {{
   *   prefs: Prefs, store: Store, lang: Language, shell: Shell, timers: Clock,
   *   onOpen: (message: Message | null) => void,
   * }} parts
   */
  constructor({ prefs, store, lang, shell, timers, onOpen }) {
    this.prefs = prefs;
    this.store = store;
    this.lang = lang;
    this.shell = shell;
    this.timers = timers;
    this.onOpen = onOpen;
    /** @type {Message[]} */
    this.waiting = [];
    this.late = 0;
    /** @type {TimerId} */
    this.timer = null;
    this.last = -Infinity;
  }

  /** Whether this browser can notify from this address at all. */
  possible() {
    return this.shell.possible();
  }

  allowed() {
    return Boolean(this.prefs.get('notify')) && this.shell.permission() === 'granted';
  }

  /** Asks the browser; resolves to whether it may. Only ever called by the reader's own click. */
  async ask() {
    const granted = (await this.shell.request()) === 'granted';
    this.prefs.set('notify', granted);
    return granted;
  }

  /** Whether to offer notifications now: once, where the browser has not been asked. */
  offers() {
    const open = this.possible() && this.shell.permission() === 'default';
    if (!open || this.prefs.get('offered')) return false;
    this.prefs.set('offered', true);
    return true;
  }

  /**
   * Messages of others that arrived while nobody looked, and how many of them late.
   * @param {Message[]} messages
   * @param {number} late
   */
  arrived(messages, late) {
    this.waiting.push(...messages);
    this.late += late;
    if (this.waiting.length === 0 && this.late === 0) return;
    const rest = Math.max(0, this.last + REST_MS - this.timers.now());
    this.timer ??= this.timers.set(() => this.#tell(), rest);
  }

  /** The reader looks: nothing is to be told any more. */
  looked() {
    this.timers.clear(this.timer);
    this.waiting = [];
    this.late = 0;
    this.timer = null;
  }

  #tell() {
    const { waiting, late, lang: { t }, store } = this;
    this.looked();
    this.last = this.timers.now();
    if (this.prefs.get('sound')) this.shell.beep();
    if (!this.allowed()) return;
    const circle = store.circle || t('unnamed');
    const [first] = waiting;
    const single = waiting.length === 1 && late === 0;
    const lines = [];
    if (waiting.length > 0) lines.push(t('jump.count', { count: waiting.length }));
    if (late > 0) lines.push(t('late.notice', { count: late }));
    this.shell.show({
      title: single ? `${store.nameOf(first.author, first.name)} · ${circle}` : circle,
      body: single ? this.#body(first) : lines.join('\n'),
      tag: `roda-${store.epoch}`,
      onClick: () => this.onOpen(first ?? null),
    });
  }

  /** @param {Message} message */
  #body(message) {
    return shortened(this.store.kinds.spoken(message, this.lang.t), BODY_MAX);
  }
}
