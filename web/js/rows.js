// What the log shows, row by row: days, messages, what waits to be sent. `plan` decides without
// DOM what each row says; `build` makes its element.

import { el } from './el.js';
import { words } from './receipts.js';
import { isSystem } from './store.js';
import { hue, initial, textNodes } from './text.js';
import { compare } from './timeline.js';

/** Messages of one author within this time stand as one group (ms). */
const GROUP_MS = 3 * 60_000;

const stamps = new WeakMap();

/** Day and time of a message in words; kept, because formatting is what a flush would spend. */
function stampOf(message, lang) {
  const held = stamps.get(message);
  if (held) return held;
  const made = { day: lang.dayKey(message.at), time: lang.time(message.at) };
  stamps.set(message, made);
  return made;
}

/** The rows of the window: `{key, sign, …}`; a row with the same `sign` needs no new element. */
export function plan(store, outbox, lang, now) {
  const rows = [];
  const { items, from } = store.timeline;
  const shown = store.timeline.window();
  const isNew = (message) => store.newAfter && compare(message, store.newAfter) > 0;
  let newMarked = from > 0 && isNew(items[from - 1]);
  shown.forEach((message, index) => {
    // Neighbours outside the window count too: a row keeps its shape while the window moves.
    const before = items[from + index - 1];
    const newDay = !before || stampOf(before, lang).day !== stampOf(message, lang).day;
    if (newDay) rows.push(line(`day-${message.id}`, 'day', lang.day(message.at, now)));
    if (!newMarked && isNew(message)) {
      newMarked = true;
      const divides = before && message.author !== store.me;
      if (divides) rows.push(line('new', 'day new', lang.t('new')));
    }
    const after = items[from + index + 1];
    rows.push(isSystem(message) ? system(message, store, lang) : said(message, {
      store, lang, now, first: newDay || !grouped(before, message), last: !grouped(message, after),
    }));
  });
  if (!store.timeline.showsEnd) return rows;
  const waiting = outbox.entries.filter((entry) => entry.shown);
  waiting.forEach((entry, index) => rows.push(unsent(entry, lang, index === 0)));
  return rows;
}

function line(key, kind, text) {
  return { key, kind, text, sign: `${kind}|${text}` };
}

function grouped(a, b) {
  return Boolean(a && b) && !isSystem(a) && !isSystem(b) && a.author === b.author &&
    Math.abs(b.at - a.at) < GROUP_MS;
}

function system(message, store, lang) {
  const name = store.nameOf(message.author, message.name);
  const said = message.text || message.name;
  const before = store.nameBefore(message) ?? message.author.slice(0, 8);
  const text = {
    profile: message.seq === 1 ? lang.t('system.joined', { name: said })
      : lang.t('system.renamed', { before, name: said }),
    circle: lang.t('system.circle', { name, circle: said }),
    leave: lang.t('system.left', { name }),
  }[message.kind];
  const { time } = stampOf(message, lang);
  return { ...line(message.id, 'system', text), id: message.id, at: message.at, time };
}

function said(message, { store, lang, now, first, last }) {
  const own = message.author === store.me;
  const member = store.members.get(message.author);
  const mark = own ? store.marks(message) : null;
  const names = (members) => members.map((one) => store.nameOf(one.id)).join(', ');
  const row = {
    key: message.id, id: message.id, kind: 'message', own, first, last, at: message.at,
    author: message.author, name: store.nameOf(message.author, message.name),
    you: own ? lang.t('you') : null, time: stampOf(message, lang).time, ...body(message, lang),
    late: message.late ? lang.t('late.label', { when: lang.when(message.arrived_at, now) }) : null,
    mark: mark && words(mark, lang.t), state: mark?.state ?? null,
    details: mark && mark.of > 0 ? lang.t('receipt.details', {
      have: names(mark.have) || '–', lack: names(mark.lack) || '–',
    }) : null,
    folded: member?.disputed && message.seq >= member.disputed ? lang.t('disputed') : null,
  };
  return { ...row, sign: JSON.stringify(row) };
}

function body(message, lang) {
  if (message.kind === 'text') return { text: message.text };
  const key = message.kind === 'unreadable' ? 'kind.unreadable' : 'kind.newer';
  return { text: lang.t(key), strange: true };
}

function unsent(entry, lang, first) {
  const failed = entry.failed !== null;
  const row = {
    key: `ref-${entry.ref}`, kind: 'unsent', ref: entry.ref, text: entry.text, first, failed,
    you: lang.t('you'), mark: failed ? lang.t('receipt.failed') : lang.t('receipt.waiting'),
    why: entry.failed || null, retry: lang.t('retry'), remove: lang.t('remove'),
  };
  return { ...row, sign: JSON.stringify(row) };
}

/** A row's element. `actions`: `retry(ref)`, `remove(ref)`. */
export function build(row, actions) {
  if (row.kind === 'system') {
    const time = stamp(row);
    return el('li', { class: 'system', 'data-id': row.id, tabindex: -1 },
      el('bdi', {}, row.text), ' ', time);
  }
  if (row.kind === 'message') return message(row);
  if (row.kind === 'unsent') return waiting(row, actions);
  return el('li', { class: row.kind }, el('span', {}, row.text));
}

function stamp(row) {
  return el('time', { datetime: new Date(row.at).toISOString() }, row.time);
}

function message(row) {
  const classes = ['m', row.own && 'own', row.first && 'first', row.last && 'last'];
  const text = el('div', { class: row.strange ? 'text strange' : 'text', dir: 'auto' },
    textNodes(row.text));
  const shown = row.folded
    ? el('details', {}, el('summary', {}, row.folded), text) : text;
  const who = el('span', { class: row.first && !row.own ? 'who' : 'vh' },
    el('bdi', {}, row.own ? row.you : row.name));
  const meta = el('div', { class: 'meta' }, stamp(row),
    row.mark && el('span', { class: 'mark', 'data-mark': row.state, title: row.details },
      row.mark));
  return el('li', {
    class: classes.filter(Boolean).join(' '), 'data-id': row.id, tabindex: -1,
  },
  !row.own && avatar(row),
  el('div', { class: `b ${hue(row.author)}` }, who, shown, meta,
    row.late && el('div', { class: 'late' }, `↑ ${row.late}`)));
}

function avatar(row) {
  const classes = row.last ? `dot ${hue(row.author)}` : 'dot empty';
  return el('span', { class: classes, 'aria-hidden': 'true' }, row.last && initial(row.name));
}

function waiting(row, { retry, remove }) {
  const button = (label, action) =>
    el('button', { type: 'button', class: 'small', onclick: () => action(row.ref) }, label);
  return el('li', {
    class: `m own last unsent${row.first ? ' first' : ''}${row.failed ? ' failed' : ''}`,
    'data-ref': row.ref, tabindex: -1,
  },
  el('div', { class: 'b' }, el('span', { class: 'vh' }, row.you),
    el('div', { class: 'text', dir: 'auto' }, textNodes(row.text)),
    el('div', { class: 'meta' }, el('span', { class: 'mark' }, row.mark)),
    row.why && el('div', { class: 'why' }, row.why),
    row.failed && el('div', { class: 'choices' }, button(row.retry, retry),
      button(row.remove, remove))));
}
