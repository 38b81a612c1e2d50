// The page: puts what the store knows on the screen, and tells the connection what the reader does.

import { Announcer } from './announcer.js';
import { Around } from './around.js';
import { Banner } from './banner.js';
import { copied } from './clipboard.js';
import { composer } from './composer.js';
import { memberDetails, messageDetails } from './details.js';
import { invite, Login } from './dialogs.js';
import { el, fill, put } from './el.js';
import { Emoji } from './emoji.js';
import { refuseFiles } from './files.js';
import { frame } from './frame.js';
import { Hints } from './hints.js';
import { keys } from './keys.js';
import { LatePill } from './late.js';
import { Log } from './log.js';
import { Notices } from './notices.js';
import { panel } from './panel.js';
import { People } from './people.js';
import { Reader } from './reader.js';
import { settings } from './settings.js';
import { isSystem } from './store.js';
import { compare } from './timeline.js';
import { longPress, sheet } from './touch.js';

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
/** Messages asked for at once when the reader nears the oldest. */
const PAGE = 50;

const looking = () => document.hasFocus() && !document.hidden;

export class View {
  constructor(parts) {
    const { lang } = parts;
    Object.assign(this, parts);
    this.part = frame(document.body, lang);
    this.notices = new Notices({ place: this.part.notices, t: lang.t });
    this.hints = new Hints({
      ...parts, t: lang.t, say: (text, ms) => this.notices.say(text, ms),
    });
    this.met = false;
    this.changes = 0;
    this.flushed = 0;
    this.pause = BURST_MS;
    this.below = 0;
    this.unread = 0;
  }

  /** Wires the page to its connection. */
  attach(connection) {
    const { part, store, outbox, lang } = this;
    this.connection = connection;
    this.login = new Login({ t: lang.t, enter: (text) => this.#enter(text) });
    this.reader = new Reader({
      timers: { set: (f, ms) => setTimeout(f, ms), clear: (id) => clearTimeout(id) },
      look: () => (looking() ? this.log.visible() : null),
      onRead: (last, ids) => this.#read(last, ids), compare,
    });
    this.log = new Log({
      scroller: part.log, list: part.rows, store, outbox, lang, now: () => Date.now(),
      actions: {
        retry: (ref) => this.#then(() => connection.retry(ref)),
        remove: (ref) => this.#then(() => outbox.remove(ref)),
        copy: (message, button) => this.#copy(message.text, button),
        details: (message) => messageDetails(message, store, lang, (one, button) =>
          this.#copy(one.text, button)),
      },
      onEdge: () => connection.older(PAGE), onView: () => this.#viewed(),
    });
    this.late = new LatePill({ part, store, log: this.log, lang });
    this.banner = new Banner({ part, store, lang, onAway: () => this.#renew() });
    this.announcer = new Announcer({ region: part.live, store, lang });
    this.people = new People({
      list: part.members, drawing: part.drawing, store, lang,
      onMember: (member) => memberDetails(member, { ...this, away: this.banner.away }),
    });
    this.composer = composer({
      form: part.form, area: part.composer, button: part.send, limit: part.limit, lang,
      drafts: this.drafts, now: Date.now, onTyping: () => connection.typing(),
      onSend: (text) => {
        store.newAfter = null;
        connection.send(text);
        this.log.toEnd();
      },
    });
    this.around = new Around(this);
    new Emoji({
      button: part.emoji, lang, storage: this.storage,
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
    part.invite.onclick = part.openInvite.onclick = () => invite(api, lang);
    panel(part, window);
    part.jump.onclick = () => this.log.toEnd();
    window.addEventListener('focus', () => this.#back());
    window.addEventListener('blur', () => this.#away());
    document.addEventListener('visibilitychange', () =>
      document.hidden ? this.#away() : this.#back());
    keys(document, part.composer, lang.t);
    longPress(part.rows, {
      onTap: () => this.hints.tapped(),
      onPress: (row) => {
        this.hints.pressed();
        sheet(row, this.store.timeline.byId.get(row.dataset.id), {
          ...this, onDetails: (message) => this.log.actions.details(message),
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

  /** What comes while nobody looks is new when the reader comes back. */
  #away() {
    if (this.gone) return;
    this.gone = true;
    if (this.store.newCount() === 0 || this.log.stuck) this.store.leaveMark();
    this.#viewed();
  }

  #back() {
    if (!looking()) return;
    this.gone = false;
    if (this.store.newCount() === 0) this.store.newAfter = null;
    this.#viewed();
    this.schedule();
  }

  #then(action) {
    action();
    this.log.flush();
  }

  async #copy(text, button) {
    const done = await copied(text);
    const { t } = this.lang;
    if (!done) return this.notices.say(t('copy.failed'));
    button.classList.add('done');
    setTimeout(() => button.classList.remove('done'), 1_200);
    fill(this.part.live, el('p', {}, t('copied')));
    return undefined;
  }

  #enter(text) {
    this.access.take(text);
    this.connection.start();
  }

  /** The connection's state has changed. */
  onState(state) {
    if (state === 'online') {
      this.met = true;
      this.login.close();
    }
    if (state === 'login') this.login.open(this.access.token !== null);
    this.#renew();
  }

  /** A packet was taken in. */
  onPacket(packet, result) {
    if (packet.type === 'messages' || packet.type === 'sent') this.#arrived(result);
    else if (packet.type === 'typing') this.#typing(packet.member);
    else if (packet.type === 'notice' && packet.code !== 'late') {
      const known = `notice.${packet.code}`;
      this.notices.say(this.lang.has(known) ? this.lang.t(known) : packet.message);
    } else if (packet.type === 'error' && !result) this.notices.say(packet.message);
    else if (packet.type === 'welcome') this.#welcomed(result);
    this.schedule();
  }

  #welcomed(resumes) {
    const { store, lang: { t } } = this;
    if (!resumes) this.openAtNew = true;
    const draft = this.drafts.enter(store.me, store.members);
    if (draft !== null) this.composer.show(draft);
    this.version ??= store.version;
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
      if (this.openAtNew) this.#openAtNew();
      this.#renew();
      this.flushed = performance.now();
      this.pause = Math.max(BURST_MS, REST * (this.flushed - began));
    };
    if (document.hidden) setTimeout(flush, BURST_MS);
    else if (busy) setTimeout(() => requestAnimationFrame(flush), rest);
    else requestAnimationFrame(flush);
  }

  /** A fresh page opens where the reader stopped, if that is not on the last screen anyway. */
  #openAtNew() {
    this.openAtNew = false;
    if (this.store.newCount() === 0) this.store.newAfter = null;
    else this.log.toNew();
  }

  #arrived({ added, late, outside }) {
    const { store } = this;
    const others = added.filter((one) => one.author !== store.me && !isSystem(one));
    const tardy = late.filter((one) => !isSystem(one)).length + outside.length;
    const place = store.timeline.byId.get(this.log.anchorId);
    if (!this.log.stuck && place) {
      this.below += others.filter((one) => !one.late && compare(one, place) > 0).length;
    }
    this.late.add(tardy);
    if (!looking()) this.#missed(others, tardy);
    if (others.length <= ANIMATED_MAX) for (const one of others) this.log.fresh.add(one.id);
    for (const one of others) store.typing.delete(one.author);
    this.announcer.say(others.filter((one) => !one.late), tardy);
  }

  /** Arrivals that nobody looks at. */
  #missed(others, tardy) {
    this.unread += others.length;
    this.notifier.arrived(others.filter((one) => !one.late), tardy);
    // Offered once, when there was something to tell; the browser is asked only after a yes.
    if (others.length === 0 || !this.notifier.offers()) return;
    const { t } = this.lang;
    this.notices.offer(t('notify.offer'), t('notify.yes'), () => this.notifier.ask());
  }

  /** Shows a message that a notification named. */
  open(message) {
    if (!message || !this.log.reveal(message.id)) this.log.toEnd();
  }

  #typing(id) {
    const { typing } = this.store;
    clearTimeout(typing.get(id));
    typing.set(id, setTimeout(() => {
      typing.delete(id);
      this.#renew();
    }, TYPING_MS));
  }

  #viewed() {
    if (this.log.stuck) this.below = 0;
    if (looking()) {
      this.unread = 0;
      this.notifier.looked();
    }
    this.reader.moved();
    this.#pills();
  }

  #read(last, ids) {
    this.store.lateSeen(ids);
    if (last) this.connection.read(last);
    this.#pills();
  }

  #pills() {
    const { part, store, lang, log, below } = this;
    this.late.renew();
    part.jump.hidden = log.stuck;
    part.jumpCount.hidden = below === 0;
    put(part.jumpCount, lang.number(below));
    put(part.jumpWords, below > 0 ? lang.t('jump.count', { count: below }) : lang.t('jump'));
    const title = store.circle || lang.t('unnamed');
    document.title = this.unread > 0 ? `(${lang.number(this.unread)}) ${title}` : title;
    this.notifier.shell.badge(this.unread);
  }

  /** Everything but the rows. */
  #renew() {
    this.around.renew(this.connection, this.met);
    this.#pills();
  }
}
