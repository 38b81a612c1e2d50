// What the reader looks at, what was read, and what waits to be: divider, pills, title, and what
// is told to the node, to other tabs, and to whoever looks elsewhere.

import { Reader } from '../core/reading.js';
import { Tabs } from '../core/tabs.js';
import { compare } from '../core/timeline.js';
import { put } from '../dom/el.js';

/** @import { Message } from '../../../types/frames' */
/** @import { Arrived, Clock, Given, Language, Parts, Store } from '../../../types/page' */
/** @import { Log } from '../log/log.js' */
/** @import { Part } from '../core/reading.js' */
/** @import { Notices } from './notices.js' */
/** @typedef {{ parts: Part[], first: Message | null, last: Message | null }} Shown */

/** The pill stays at least this long (ms), also where the messages are already in sight. */
const STAY_MS = 10_000;

/** Whether somebody looks at the log: the page is in front, and nothing stands before it. */
export function watched() {
  return document.hasFocus() && !document.hidden &&
    !document.querySelector('dialog:modal, main[inert]');
}

export class Attention {
  /**
   * `schedule()` renews the screen soon.
   * @param {Given & { part: Parts, notices: Notices, log: Log, schedule: () => void }} parts
   */
  constructor({ part, store, lang, notifier, notices, channel, log, connection, schedule }) {
    this.part = part;
    this.store = store;
    this.lang = lang;
    this.notifier = notifier;
    this.notices = notices;
    this.log = log;
    this.connection = connection;
    this.schedule = schedule;
    /** @type {Clock} */
    const timers = {
      set: (f, ms) => setTimeout(f, ms), clear: (id) => clearTimeout(id),
      now: () => performance.now(),
    };
    this.reader = new Reader({
      timers, look: () => (watched() ? this.#look().parts : null),
      onRead: (ids) => {
        this.#read(ids);
        this.pills();
      },
    });
    this.tabs = new Tabs({
      channel, timers, store, watched,
      onRead: (marks) => {
        store.reading.take(marks);
        this.pills();
      },
    });
    /** The page is to open where the reader stopped. */
    this.opens = false;
    /** Nobody looks. */
    this.gone = false;
    /**
     * What is on the screen, where that is known.
     * @type {Shown | null}
     */
    this.view = null;
    this.late = new LatePill({ part, store, log, lang });
    part.jump.onclick = () => log.toEnd();
    part.unreadGo.onclick = () => this.#toUnread();
    window.addEventListener('focus', () => this.#back());
    window.addEventListener('blur', () => this.#away());
    document.addEventListener('visibilitychange', () =>
      document.hidden ? this.#away() : this.#back());
    // What stood before the log has gone, or has come.
    for (const name of ['close', 'toggle', 'focusin']) {
      document.addEventListener(name, () => this.viewed(), true);
    }
  }

  /** What comes while nobody looks is new when the reader comes back. */
  #away() {
    if (this.gone) return;
    this.gone = true;
    this.store.leaveMark();
    this.viewed();
    this.schedule();
  }

  #back() {
    if (!watched()) return;
    this.gone = false;
    if (this.store.newCount() === 0) this.store.newFrom = null;
    this.viewed();
    this.schedule();
  }

  /** A fresh page opens where the reader stopped, if that is not on the last screen anyway. */
  drawn() {
    const { store, log } = this;
    if (!this.opens || store.history.wish) return;
    this.opens = false;
    if (!watched()) this.gone = true;
    if (!store.newFrom && this.gone) store.leaveMark();
    else log.toNew();
  }

  /**
   * Messages have come.
   * @param {Arrived} result
   */
  arrived({ added, late, above, below }) {
    const { store } = this;
    const others = [...added, ...below].filter((one) => store.fromOthers(one));
    const tardy = late.filter((one) => !store.kinds.isLine(one)).length + above.length;
    this.late.add(tardy);
    if (!watched()) this.tabs.unlessWatched(() => this.#missed(others, tardy));
    return { others, tardy };
  }

  /**
   * Arrivals that nobody looks at, in no tab.
   * @param {Message[]} others
   * @param {number} tardy
   */
  #missed(others, tardy) {
    if (watched()) return;
    const { store: { reading }, notifier, lang: { t } } = this;
    const news = others.filter((one) => !one.late && reading.open.has(one.id));
    notifier.arrived(news, tardy);
    // Offered once, when there was something to tell; the browser is asked only after a yes.
    if (news.length === 0 || !notifier.offers()) return;
    this.notices.offer(t('notify.offer'), t('notify.yes'), () => notifier.ask());
  }

  /** The view has moved, or who looks at it. */
  viewed() {
    if (watched()) this.notifier.looked();
    this.view = null;
    this.reader.moved();
    this.pills(this.view ?? undefined);
  }

  /** @returns {Shown} */
  #look() {
    const view = this.log.shown();
    this.view = view;
    return view;
  }

  /** @param {string[]} ids */
  #read(ids) {
    const { store, tabs, connection } = this;
    store.lateSeen(ids);
    if (store.reading.see(ids)) tabs.read(Object.fromEntries(store.reading.untold));
    connection.tellRead();
  }

  /** To the first message that is not read, wherever it is. */
  #toUnread() {
    this.store.newFrom = this.store.reading.first();
    this.log.toNew();
  }

  /** @param {Pick<Shown, 'first' | 'last'>} shown */
  pills({ first, last } = this.log.shown()) {
    const { part, store: { reading, circle }, lang, log } = this;
    this.late.renew();
    const { above, below } = reading.around(first, last);
    part.unread.hidden = above === 0 || !part.late.hidden;
    if (above > 0) put(part.unreadGo, `${lang.t('unread.above', { count: above })} ↑`);
    part.jump.hidden = log.atEnd;
    part.jumpCount.hidden = below === 0;
    put(part.jumpCount, lang.number(below));
    put(part.jumpWords, below > 0 ? lang.t('jump.count', { count: below }) : lang.t('jump'));
    const title = circle || lang.t('unnamed');
    const waits = watched() ? 0 : reading.count;
    document.title = waits > 0 ? `(${lang.number(waits)}) ${title}` : title;
    this.notifier.shell.badge(waits);
  }
}

/** Messages that arrived late: counted in a pill that leads to them, and back again. */
class LatePill {
  /** @param {{ part: Parts, store: Store, log: Log, lang: Language }} parts */
  constructor({ part, store, log, lang }) {
    this.part = part;
    this.store = store;
    this.log = log;
    this.lang = lang;
    this.count = 0;
    this.since = 0;
    /** @type {ReturnType<Log['place']> | null} */
    this.back = null;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined;
    part.lateGo.onclick = () => (this.back ? this.#return() : this.#go());
    part.lateClose.onclick = () => this.dismiss();
  }

  /**
   * So many have arrived.
   * @param {number} count
   */
  add(count) {
    if (count === 0) return;
    this.count += count;
    this.since = performance.now();
    this.back = null;
  }

  #go() {
    const { store, log } = this;
    const [first] = [...store.lateUnseen.values()].sort(compare);
    if (!first) {
      this.dismiss();
      return;
    }
    this.back = log.place();
    log.reveal(first);
    this.renew();
  }

  #return() {
    if (this.back) this.log.restore(this.back);
    this.dismiss();
  }

  dismiss() {
    this.store.lateSeen([...this.store.lateUnseen.keys()]);
    this.count = 0;
    this.back = null;
    this.renew();
  }

  /** Shows what is still to be seen. */
  renew() {
    const { part, store, lang } = this;
    const unseen = store.lateUnseen.size;
    const rest = STAY_MS - (performance.now() - this.since);
    if (this.count > 0 && unseen === 0 && !this.back) {
      clearTimeout(this.timer);
      if (rest <= 0) this.count = 0;
      else this.timer = setTimeout(() => this.renew(), rest + 1);
    }
    part.late.hidden = this.count === 0 && !this.back;
    const words = this.back ? `${lang.t('late.back')} ↓`
      : `${lang.t('late.notice', { count: this.count })} ↑`;
    put(part.lateGo, words);
  }
}
