// What the log shows, row by row: days, messages, what waits to be sent. No DOM: row.js makes the
// elements.

import { guarded } from '../core/guard.js';
import { words } from '../core/receipts.js';

/** @import { Message } from '../../../types/frames' */
/**
 * @import {
 *   AnyRow, FailedRow, Language, MessageRow, Meta, Outbox, Row, Store, UnsentRow, Waiting,
 *   Wanted
 * } from '../../../types/page'
 */
/** @import { Kinds } from '../core/kinds.js' */

/** Messages of one author within this time stand as one group (ms). */
const GROUP_MS = 3 * 60_000;

/** How far the node counts what stands under one message. */
const NEWER_COUNT_MAX = 1_000;

/** @type {WeakMap<Message, { day: number | null, time: string }>} */
const stamps = new WeakMap();

/**
 * Day and time of a message in words; kept, because formatting is what a flush would spend.
 * @param {Message} message
 * @param {Language} lang
 */
function stampOf(message, lang) {
  const held = stamps.get(message);
  if (held) return held;
  const { at } = message;
  /** @type {{ day: number | null, time: string }} */
  const made = guarded(`the time of ${message.id}`, () => ({
    day: lang.dayKey(at), time: lang.time(at),
  }), () => ({ day: null, time: '' }));
  stamps.set(message, made);
  return made;
}

/**
 * The rows of the window. A row with the same `sign` needs no new element; one whose `metaSign`
 * alone differs needs only its time and mark renewed.
 * @param {Store} store
 * @param {Pick<Outbox, 'entries'>} outbox
 * @param {Language} lang
 * @param {number} now
 * @returns {AnyRow[]}
 */
export function plan(store, outbox, lang, now) {
  /** @type {AnyRow[]} */
  const rows = [];
  const { items, from } = store.timeline;
  const shown = store.timeline.window();
  const firstNew = store.firstNew();
  const { failed } = store.history;
  if (failed === 'older') rows.push(unreachable(failed, lang));
  shown.forEach((message, index) => {
    // Neighbours outside the window count too: a row keeps its shape while the window moves.
    const before = items[from + index - 1];
    const newDay = !before || stampOf(before, lang).day !== stampOf(message, lang).day;
    if (newDay) rows.push(line(`day-${message.id}`, 'day', lang.day(message.at, now)));
    if (message === firstNew) rows.push(line('new', 'day new', unreadWords(store, lang)));
    const after = items[from + index + 1];
    const context = {
      store, lang, now, first: newDay || !grouped(store.kinds, before, message),
      last: !grouped(store.kinds, message, after),
    };
    rows.push(guarded(message.id,
      () => (store.kinds.isLine(message) ? system(message, store, lang) : said(message, context)),
      () => ({ ...line(message.id, 'broken', lang.t('kind.broken')), id: message.id })));
  });
  if (failed && (failed === 'newer' || items.length === 0)) rows.push(unreachable(failed, lang));
  if (!store.timeline.showsEnd) return rows;
  outbox.entries.forEach((entry, index) => rows.push(unsent(entry, lang, index === 0)));
  return rows;
}

/**
 * @param {string} key
 * @param {string} kind
 * @param {string} text
 * @returns {Row}
 */
function line(key, kind, text) {
  return { key, kind, text, sign: `${kind}|${text}`, metaSign: '' };
}

/**
 * In the place of what the node could not read.
 * @param {Wanted} wanted
 * @param {Language} lang
 * @returns {FailedRow}
 */
function unreachable(wanted, lang) {
  const row = { text: lang.t('history.failed'), again: lang.t('retry') };
  return { key: 'failed', kind: 'failed', wanted, ...row, sign: 'failed', metaSign: '' };
}

/**
 * @param {Store} store
 * @param {Language} lang
 */
function unreadWords(store, lang) {
  const count = store.newCount();
  return count > 0 ? lang.t('new.count', { count }) : lang.t('new');
}

/**
 * Said where there is something that this version cannot show; the node counts no further.
 * @param {Message} message
 * @param {Language} lang
 */
function newerWords({ newer }, lang) {
  if (!newer) return null;
  return newer < NEWER_COUNT_MAX ? lang.t('newer.count', { count: newer }) : lang.t('newer.many');
}

/**
 * @param {Kinds} kinds
 * @param {Message | undefined} a
 * @param {Message | undefined} b
 */
function grouped(kinds, a, b) {
  if (!a || !b || kinds.isLine(a) || kinds.isLine(b)) return false;
  return a.author === b.author && Math.abs(b.at - a.at) < GROUP_MS;
}

/**
 * Marks a name in a text, for its letters to run as they do and the text's as it does.
 * @param {string} name
 */
const apart = (name) => `\u2068${name}\u2069`;

/**
 * @param {Message} message
 * @param {Store} store
 * @param {Language} lang
 * @returns {Row}
 */
function system(message, store, lang) {
  const text = store.kinds.of(message).line?.(message, {
    t: lang.t, who: store.nameOf(message.author, message.name), set: apart,
    before: store.called.before(message),
  }) ?? '';
  const { time } = stampOf(message, lang);
  return { ...line(message.id, 'system', text), id: message.id, at: message.at, time };
}

/**
 * @param {Message} message
 * @param {{ store: Store, lang: Language, now: number, first: boolean, last: boolean }} context
 * @returns {MessageRow}
 */
function said(message, { store, lang, now, first, last }) {
  const own = message.author === store.me;
  const member = store.members.get(message.author);
  const disputed = Boolean(member?.disputed && message.seq >= member.disputed);
  const row = {
    key: message.id, id: message.id, kind: 'message', own, first, last, at: message.at,
    hue: store.hueOf(message.author),
    name: own ? lang.t('you') : store.nameOf(message.author, message.name),
    alike: store.alike.has(message.author) ? (member?.fingerprint ?? '').slice(0, 9) : null,
    said: message.kind, text: '', ...store.kinds.of(message).row?.(message, lang.t),
    late: message.late ? lang.t('late.label', { when: lang.when(message.arrived_at, now) }) : null,
    newer: newerWords(message, lang),
    folded: disputed ? lang.t('disputed') : null,
    why: disputed ? lang.t('disputed.why', { name: store.nameOf(message.author) }) : null,
  };
  const mark = own ? store.marks(message) : null;
  /** @type {Meta} */
  const meta = {
    at: message.at, time: stampOf(message, lang).time,
    open: store.isFinal(message) || disputed ? null : lang.t('final.open'),
    // One time is enough for a group; an arrival's is read beside it.
    quiet: !last && !message.late,
    mark: mark && { state: mark.state, of: mark.of, have: mark.have.length },
    words: mark && words(mark, lang.t),
  };
  return { ...row, meta, sign: JSON.stringify(row), metaSign: JSON.stringify(meta) };
}

/**
 * In the reader's language where the code is known, else in the node's words.
 * @param {Waiting} entry
 * @param {Language} lang
 */
function why({ failed, code }, lang) {
  if (!failed) return null;
  return lang.has(`error.${code}`) ? lang.t(`error.${code}`) : failed;
}

/**
 * @param {Waiting} entry
 * @param {Language} lang
 * @param {boolean} first
 * @returns {UnsentRow}
 */
function unsent(entry, lang, first) {
  const failed = entry.failed !== null;
  const row = {
    key: `ref-${entry.ref}`, kind: 'unsent', ref: entry.ref, text: entry.text, first, failed,
    you: lang.t('you'), mark: failed ? lang.t('receipt.failed') : lang.t('receipt.waiting'),
    why: why(entry, lang), retry: lang.t('retry'), remove: lang.t('remove'),
  };
  return { ...row, sign: JSON.stringify(row), metaSign: '' };
}
