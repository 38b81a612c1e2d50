// The page: puts what the store knows on the screen, and tells the connection what the reader does.

import { composer } from '../compose/composer.js';
import { Emoji } from '../compose/emoji.js';
import { refuseFiles } from '../compose/files.js';
import { Hints } from '../core/hints.js';
import { invite } from '../dialogs/invite.js';
import { keys } from '../dialogs/keys.js';
import { Login } from '../dialogs/login.js';
import { settings } from '../dialogs/settings.js';
import { copied } from '../dom/clipboard.js';
import { el, fill } from '../dom/el.js';
import { Announcer } from '../log/announcer.js';
import { messageDetails } from '../log/details.js';
import { Log } from '../log/log.js';
import { longPress, sheet } from '../log/touch.js';
import { Around } from './around.js';
import { Attention, watched } from './attention.js';
import { Banner } from './banner.js';
import { layout } from './layout.js';
import { Notices } from './notices.js';
import { Panels } from './panels.js';

/** @import { FromNode, Message } from '../../../types/frames' */
/** @import { Arrived, Given } from '../../../types/page' */

/** In a burst the screen is renewed this often (ms), and after this many changes it is a burst. */
const BURST_MS = 150;
const BURST_CHANGES = 10;
/** On a slow machine the screen takes one part of the time in so many. */
const REST = 3;
/** Somebody's typing is shown this long after the last word of it (ms). */
const TYPING_MS = 4_000;
/** More arrivals at once than this come without motion. */
const ANIMATED_MAX = 3;
/** "Heard 5 minutes ago" is renewed this often (ms). */
const CLOCK_MS = 30_000;

export class View {
  /** @param {Given} parts */
  constructor(parts) {
    const { store, outbox, drafts, connection, api, lang, storage, prefs, notifier } = parts;
    this.store = store;
    this.outbox = outbox;
    this.drafts = drafts;
    this.connection = connection;
    this.api = api;
    this.access = parts.access;
    this.lang = lang;
    this.prefs = prefs;
    this.notifier = notifier;
    this.frames = parts.frames;
    const part = layout(document.body, lang);
    this.part = part;
    this.notices = new Notices({ place: part.notices, t: lang.t });
    this.hints = new Hints({
      store, prefs, t: lang.t, say: (text, ms) => this.notices.say(text, ms),
    });
    /** The node has answered this page once. */
    this.met = false;
    this.version = '';
    this.changes = 0;
    this.flushed = 0;
    this.pause = BURST_MS;
    this.scheduled = false;
    this.today = lang.dayKey(Date.now());
    this.login = new Login({ t: lang.t, enter: (text) => this.#enter(text) });
    this.log = new Log({
      scroller: part.log, list: part.rows, store, outbox, lang, now: () => Date.now(),
      actions: {
        retry: (ref) => this.#then(() => connection.retry(ref)),
        remove: (ref) => this.#then(() => outbox.remove(ref)),
        copy: (message, button) => this.#copy(message.text, button),
        details: (message) => messageDetails(message, store, lang, (one, button) =>
          this.#copy(one.text, button)),
      },
      ask: (wanted) => connection.ask(wanted),
      onView: () => this.attention.viewed(), watched,
    });
    this.attention = new Attention({ ...parts, part, notices: this.notices, log: this.log,
      schedule: () => this.schedule() });
    this.banner = new Banner({ part, store, lang, onAway: () => this.#renew() });
    this.announcer = new Announcer({ region: part.live, store, lang });
    this.panels = new Panels(this);
    this.composer = composer({
      form: part.form, area: part.composer, button: part.send, limit: part.limit, lang,
      drafts: this.drafts, now: Date.now, onTyping: () => connection.typing(),
      onSend: (text) => {
        if (store.reading.count === 0) store.newFrom = null;
        connection.send(text);
        this.log.toEnd();
      },
    });
    this.around = new Around(this);
    new Emoji({
      button: part.emoji, lang, storage,
      onPick: (character) => this.composer.insert(character),
    });
    refuseFiles(window, () => this.notices.say(lang.t('files.later')));
    this.#wire();
    // What waits to be sent is there before the node is.
    if (outbox.entries.length > 0) this.schedule();
  }

  #wire() {
    const { part, api, lang } = this;
    const reload = () => window.location.reload();
    part.openSettings.onclick = () => settings({ ...this, reload });
    part.openInvite.onclick = () => invite(api, lang);
    keys(document, part.composer, lang.t);
    longPress(part.rows, {
      onTap: () => this.hints.tapped(),
      onPress: (row) => {
        this.hints.pressed();
        const message = this.store.timeline.byId.get(row.dataset.id ?? '');
        if (!message) return;
        sheet(row, message, {
          store: this.store, lang, onDetails: (one) => this.log.actions.details(one),
        });
      },
    });
    setInterval(() => this.#clock(), CLOCK_MS);
  }

  #clock() {
    const today = this.lang.dayKey(Date.now());
    // After midnight other rows are "Today".
    if (this.today !== today) this.schedule();
    this.today = today;
    this.#renew();
  }

  /** @param {() => void} action */
  #then(action) {
    action();
    this.log.flush();
  }

  /**
   * @param {string} text
   * @param {HTMLElement} button
   */
  async #copy(text, button) {
    const done = await copied(text);
    const { t } = this.lang;
    if (!done) return this.notices.say(t('copy.failed'));
    button.classList.add('done');
    setTimeout(() => button.classList.remove('done'), 1_200);
    fill(this.part.live, el('p', {}, t('copied')));
    return undefined;
  }

  /** @param {string} text */
  #enter(text) {
    this.access.take(text);
    this.connection.start();
  }

  /**
   * The connection's state has changed.
   * @param {Given['connection']['state']} state
   */
  onState(state) {
    if (state === 'online') {
      this.met = true;
      this.login.close();
    }
    if (state === 'login') this.login.open(this.access.token !== null);
    this.#renew();
  }

  /**
   * A packet was taken in.
   * @param {FromNode} packet
   * @param {unknown} result
   */
  onPacket(packet, result) {
    this.frames.get(packet.type)?.show?.(this, packet, result);
    this.schedule();
  }

  /**
   * Says something: in the reader's language where that is known, else in the node's words.
   * @param {string | null} key
   * @param {string} words
   */
  say(key, words) {
    const { t, has } = this.lang;
    this.notices.say(key && has(key) ? t(key) : words);
  }

  /**
   * The node has let the page in; `resumes`: it goes on from where it was.
   * @param {boolean} resumes
   */
  welcomed(resumes) {
    const { store, lang: { t } } = this;
    if (!resumes) this.attention.opens = true;
    const draft = this.drafts.enter(store.me ?? '', store.members);
    if (draft !== null) this.composer.show(draft);
    this.version ||= store.version;
    if (this.version === store.version) return;
    // The node was updated under an open page.
    this.version = store.version;
    this.notices.offer(t('page.newer'), t('page.reload'), () => window.location.reload());
  }

  /** Renews the screen soon: with the next frame, or gathered in a burst. */
  schedule() {
    this.changes += 1;
    if (this.scheduled) return;
    this.scheduled = true;
    const rest = this.flushed + this.pause - performance.now();
    if (rest <= 0) this.changes = 0;
    const busy = this.changes > BURST_CHANGES;
    const flush = () => {
      this.scheduled = false;
      const began = performance.now();
      this.log.flush();
      this.attention.drawn();
      this.#renew();
      this.flushed = performance.now();
      this.pause = Math.max(BURST_MS, REST * (this.flushed - began));
    };
    if (document.hidden) setTimeout(flush, BURST_MS);
    else if (busy) setTimeout(() => requestAnimationFrame(flush), rest);
    else requestAnimationFrame(flush);
  }

  /**
   * Messages have come; `result` as `Store.addLive` gives it.
   * @param {Arrived} result
   */
  arrived(result) {
    const { store } = this;
    const { others, tardy } = this.attention.arrived(result);
    if (others.length <= ANIMATED_MAX) for (const one of others) this.log.fresh.add(one.id);
    for (const one of others) store.typing.delete(one.author);
    this.announcer.say(others.filter((one) => !one.late), tardy);
  }

  /** The node could not read what was asked for. Where nothing shows it, it is said. */
  unread() {
    const { store: { history, timeline }, lang: { t } } = this;
    const { failed } = history;
    if (!failed || failed === 'older' || failed === 'newer' || timeline.items.length === 0) return;
    this.notices.offer(t('history.failed'), t('retry'), () => this.connection.ask(failed));
  }

  /**
   * Shows a message that a notification named.
   * @param {Message | null} message
   */
  open(message) {
    if (message) this.log.reveal(message);
    else this.log.toEnd();
  }

  /**
   * Somebody is writing.
   * @param {string} id
   */
  typing(id) {
    const { typing } = this.store;
    clearTimeout(typing.get(id));
    typing.set(id, setTimeout(() => {
      typing.delete(id);
      this.#renew();
    }, TYPING_MS));
  }

  /** Everything but the rows. */
  #renew() {
    this.around.renew(this.connection, this.met);
    this.attention.pills();
  }
}
