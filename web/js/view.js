// The page: puts what the store knows on the screen, and tells the connection what the reader does.

import { composer } from './composer.js';
import { invite, Login, settings } from './dialogs.js';
import { el, fill, icon } from './el.js';
import { frame } from './frame.js';
import { Log } from './log.js';
import { counts, people } from './people.js';
import { Reader } from './reader.js';
import { isSystem } from './store.js';
import { compare } from './timeline.js';

/** In a burst the screen is renewed this often (ms), and after this many changes it is a burst. */
const BURST_MS = 150;
const BURST_CHANGES = 10;
/** A trouble is shown only once it lasts this long (ms); a short one heals unseen. */
const TROUBLE_MS = 2_000;
/** Notices stay at least this long (ms), somebody's typing this long after the last word of it. */
const NOTICE_MS = 10_000;
const TYPING_MS = 4_000;
/** Words for screen readers are gathered this long (ms); more than this many are only counted. */
const ANNOUNCE_MS = 1_000;
const ANNOUNCE_MAX = 3;
/** Messages asked for at once when the reader nears the oldest. */
const PAGE = 50;

export class View {
  constructor({ store, outbox, api, access, lang, storage }) {
    Object.assign(this, { store, outbox, api, access, lang, storage });
    this.part = frame(document.body, lang);
    this.state = 'connecting';
    this.met = false;
    this.changes = 0;
    this.flushed = 0;
    this.below = 0;
    this.unread = 0;
    this.late = 0;
    this.heard = [];
  }

  /** Wires the page to its connection. */
  attach(connection) {
    const { part, store, outbox, lang, api } = this;
    this.connection = connection;
    this.login = new Login({ t: lang.t, enter: (text) => this.#enter(text) });
    this.reader = new Reader({
      timers: { set: (f, ms) => setTimeout(f, ms), clear: (id) => clearTimeout(id) },
      look: () => (document.hasFocus() && !document.hidden ? this.log.visible() : null),
      onRead: (last, ids) => this.#read(last, ids), compare,
    });
    this.log = new Log({
      scroller: part.log, list: part.rows, store, outbox, lang, now: Date.now,
      actions: {
        retry: (ref) => this.#then(() => connection.retry(ref)),
        remove: (ref) => this.#then(() => outbox.remove(ref)),
      },
      onEdge: () => connection.older(PAGE), onView: () => this.#viewed(),
    });
    this.composer = composer({
      form: part.form, area: part.composer, button: part.send, storage: this.storage,
      now: Date.now, onTyping: () => connection.typing(),
      onSend: (text) => {
        connection.send(text);
        this.log.toEnd();
      },
      onProblem: (bytes, max) => this.notice(lang.t('composer.long', { bytes, max })),
    });
    part.openSettings.onclick = () => settings(api, store, lang);
    part.invite.onclick = () => invite(api, lang);
    part.openPeople.onclick = () => this.#people(!document.body.classList.contains('people'));
    part.closePeople.onclick = () => this.#people(false);
    part.people.onkeydown = (event) => event.key === 'Escape' && this.#people(false);
    part.jump.onclick = () => this.log.toEnd();
    part.lateGo.onclick = () => this.#toLate();
    part.lateClose.onclick = () => this.#dismissLate();
    const viewed = () => this.#viewed();
    window.addEventListener('focus', viewed);
    window.addEventListener('blur', viewed);
    document.addEventListener('visibilitychange', viewed);
    setInterval(() => this.#renew(), 30_000);
  }

  #people(open) {
    document.body.classList.toggle('people', open);
    this.part.openPeople.setAttribute('aria-expanded', String(open));
    (open ? this.part.closePeople : this.part.openPeople).focus();
  }

  #then(action) {
    action();
    this.log.flush();
  }

  #enter(text) {
    this.access.take(text);
    this.connection.start();
  }

  /** The connection's state has changed. */
  onState(state) {
    this.state = state;
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
      this.notice(this.lang.has(known) ? this.lang.t(known) : packet.message);
    } else if (packet.type === 'error' && !result) this.notice(packet.message);
    this.schedule();
  }

  /** Renews the screen soon: with the next frame, or gathered in a burst. */
  schedule() {
    this.changes += 1;
    if (this.scheduled) return;
    this.scheduled = true;
    const rest = BURST_MS - (performance.now() - this.flushed);
    const busy = this.changes > BURST_CHANGES && rest > 0;
    if (rest <= 0) this.changes = 0;
    const flush = () => {
      this.scheduled = false;
      this.flushed = performance.now();
      this.#flush();
    };
    if (document.hidden) setTimeout(flush, BURST_MS);
    else if (busy) setTimeout(() => requestAnimationFrame(flush), rest);
    else requestAnimationFrame(flush);
  }

  #flush() {
    this.log.flush();
    this.#renew();
  }

  #arrived({ added, late, outside }) {
    const { store } = this;
    const others = added.filter((one) => one.author !== store.me && !isSystem(one));
    const tardy = late.filter((one) => !isSystem(one)).length + outside.length;
    const place = store.timeline.byId.get(this.log.anchorId);
    if (!this.log.stuck && place) {
      this.below += others.filter((one) => !one.late && compare(one, place) > 0).length;
    }
    if (document.hidden || !document.hasFocus()) this.unread += others.length;
    if (tardy > 0) {
      this.late += tardy;
      this.lateSince = performance.now();
    }
    for (const one of others) store.typing.delete(one.author);
    this.#announce(others.filter((one) => !one.late), tardy);
  }

  #announce(messages, tardy) {
    if (messages.length === 0 && tardy === 0) return;
    this.heard.push(...messages);
    this.heardLate = (this.heardLate ?? 0) + tardy;
    this.announcing ??= setTimeout(() => {
      const { t } = this.lang;
      const lines = this.heard.length > ANNOUNCE_MAX
        ? [t('announce.many', { count: this.heard.length })]
        : this.heard.map((one) => t('announce.message', {
          name: this.store.nameOf(one.author, one.name), text: one.text ?? t('kind.newer'),
        }));
      if (this.heardLate > 0) lines.push(t('late.notice', { count: this.heardLate }));
      fill(this.part.live, lines.map((line) => el('p', {}, line)));
      Object.assign(this, { heard: [], heardLate: 0, announcing: null });
    }, ANNOUNCE_MS);
  }

  #typing(id) {
    const { typing } = this.store;
    clearTimeout(typing.get(id));
    typing.set(id, setTimeout(() => {
      typing.delete(id);
      this.#renew();
    }, TYPING_MS));
  }

  /** Says something a person should know. */
  notice(text) {
    const { part, lang } = this;
    const line = el('div', { class: 'notice' }, el('span', {}, text), el('button', {
      type: 'button', class: 'x', 'aria-label': lang.t('dismiss'), onclick: () => line.remove(),
    }, icon('close')));
    part.notices.append(line);
    setTimeout(() => line.remove(), NOTICE_MS);
  }

  #viewed() {
    if (this.log.stuck) this.below = 0;
    if (document.hasFocus() && !document.hidden) this.unread = 0;
    this.reader.moved();
    this.#pills();
  }

  #read(last, ids) {
    this.store.lateSeen(ids);
    if (last) this.connection.read(last);
    this.#pills();
  }

  #toLate() {
    const first = this.log.earliest(this.store.lateUnseen.keys());
    if (first) this.log.reveal(first);
    else if (this.store.lateBeyond > 0) this.part.log.scrollTop = 0;
    this.#dismissLate();
  }

  #dismissLate() {
    this.store.lateSeen([...this.store.lateUnseen.keys()]);
    this.store.lateBeyond = 0;
    this.late = 0;
    this.#pills();
  }

  #pills() {
    const { part, store, lang, log } = this;
    const unseen = store.lateUnseen.size + store.lateBeyond;
    const rest = NOTICE_MS - (performance.now() - (this.lateSince ?? 0));
    if (this.late > 0 && unseen === 0 && rest <= 0) this.late = 0;
    else if (this.late > 0 && unseen === 0) {
      clearTimeout(this.lateTimer);
      this.lateTimer = setTimeout(() => this.#pills(), rest + 1);
    }
    part.late.hidden = this.late === 0;
    put(part.lateGo, `${lang.t('late.notice', { count: this.late })} ↑`);
    part.jump.hidden = log.stuck;
    const words = this.below > 0 ? lang.t('jump.count', { count: this.below }) : lang.t('jump');
    put(part.jump, `${words} ↓`);
    const title = store.circle || lang.t('unnamed');
    document.title = this.unread > 0 ? `(${this.unread}) ${title}` : title;
  }

  /** Everything but the rows. */
  #renew() {
    const { part, store, lang } = this;
    const now = Date.now();
    people(part.members, store, lang, now);
    const { count, here } = counts(store);
    put(part.circle, store.circle || lang.t('unnamed'));
    put(part.count, count === 0 ? '' :
      `${lang.t('people.count', { count })} · ${lang.t('people.here', { here })}`);
    const names = [...store.typing.keys()].map((id) => store.nameOf(id));
    put(part.typing, names.length === 0 ? '' :
      lang.t('typing', { count: names.length, names: names.join(', ') }));
    if (store.members.get(store.me)?.left) this.composer.close(lang.t('composer.left'));
    this.#empty(count);
    this.#state();
    this.#pills();
  }

  #empty(count) {
    const { part, store, outbox, lang } = this;
    const talks = store.timeline.items.some((one) => !isSystem(one)) || outbox.entries.length > 0;
    part.empty.hidden = talks || !this.met || store.more;
    if (part.empty.hidden) return;
    fill(part.empty, el('img', { src: '/icon.svg', alt: '', width: 64, height: 64 }),
      el('h2', {}, lang.t('empty.title')),
      el('p', {}, lang.t(count > 1 ? 'empty.others' : 'empty.alone')));
  }

  #state() {
    const { part, store, lang } = this;
    const [name, values] = stateOf(this.state, this.met, store);
    put(part.state, lang.t(`state.${name}`, values));
    if (part.state.dataset.state === name) return;
    part.state.dataset.state = name;
    clearTimeout(this.trouble);
    part.state.classList.toggle('shown', name === 'store-failing' || name === 'catching-up');
    if (name === 'connecting' || name === 'reconnecting') {
      this.trouble = setTimeout(() => part.state.classList.add('shown'), TROUBLE_MS);
    }
  }
}

/** The one state that matters most, and its words' values. */
function stateOf(state, met, store) {
  if (state === 'login') return ['login', {}];
  if (state !== 'online') return [met ? 'reconnecting' : 'connecting', {}];
  if (store.storeState !== 'ok') {
    return ['store-failing', { why: store.storeState.replace(/^failing:\s*/, '') }];
  }
  if (store.catchingUp) return ['catching-up', store.catchingUp];
  return ['online', {}];
}

/** Text that is only touched where it changed. */
function put(element, text) {
  if (element.textContent !== text) element.textContent = text;
}
