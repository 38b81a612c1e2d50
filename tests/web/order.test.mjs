import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';

import { language } from '../../web/js/core/i18n.js';
import { Store } from '../../web/js/core/store.js';
import { compare, lowerBound, Timeline, WINDOW_MAX } from '../../web/js/core/timeline.js';
import { kinds } from '../../web/js/kinds/index.js';
import { plan } from '../../web/js/log/rows.js';
import { id } from './fake-node.mjs';

const TEXTS = JSON.parse(readFileSync(new URL('../../web/lang/en.json', import.meta.url), 'utf8'));
const never = () => Infinity;
const A = id('a');
const B = id('b');
const C = id('c');

let serial = 0;
function message(author, lamport, more = {}) {
  serial += 1;
  const seq = more.seq ?? lamport;
  return {
    id: `${author}:${seq}`, author, seq, lamport, at: 1_000, kind: 'text', text: `${lamport}`,
    arrival: serial, arrived_at: 1_000, state: 'kept', final: false, ...more,
  };
}

/** A repeatable stream of numbers in [0, 1). */
function chance(seed) {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

function member(of, since, more = {}) {
  return { id: of, name: of.slice(0, 1).toUpperCase(), since: since && `${since}.${of}`, ...more };
}

function welcome(more = {}) {
  return {
    type: 'welcome', version: '1', epoch: 'e', arrival: 0, me: A, circle: '', clock: 0,
    members: [member(A, 1)], read: { behind: {}, first: null, count: 0 }, read_receipts: true,
    receipts: {}, messages: [], more: false, catching_up: null, store: 'ok', ...more,
  };
}

test('any arrival order gives the one order, each message once', () => {
  for (let seed = 1; seed <= 50; seed += 1) {
    const random = chance(seed);
    const all = [];
    for (let n = 1; n <= 100; n += 1) all.push(message(A, n), message(B, n));
    const timeline = new Timeline();
    const shuffled = [...all, ...all.slice(0, 50)].sort(() => random() - 0.5);
    while (shuffled.length > 0) {
      timeline.merge(shuffled.splice(0, 1 + Math.floor(random() * 20)), { slack: never });
      assert.ok(timeline.to - timeline.from <= WINDOW_MAX);
    }
    assert.deepEqual(timeline.items.map((one) => one.id),
      [...all].sort(compare).map((one) => one.id), `SEED=${seed}`);
  }
});

test('equal counters are ordered by author', () => {
  const timeline = new Timeline();
  timeline.merge([message(C, 5), message(A, 5), message(B, 5)], { slack: never });
  assert.deepEqual(timeline.items.map((one) => one.author), [A, B, C]);
});

test('the window keeps the row the reader looks at while messages come on both sides', () => {
  const timeline = new Timeline();
  const many = (from, count) => Array.from({ length: count }, (_, n) => message(A, from + n));
  timeline.merge(many(1_000, 50), { slack: never, follow: true });
  const anchor = timeline.items[20].id;
  timeline.merge(many(500, 400), { slack: never, anchor });
  timeline.merge(many(2_000, 400), { slack: never, anchor });
  const at = lowerBound(timeline.items, timeline.byId.get(anchor));
  assert.ok(timeline.from < at && at < timeline.to);
  assert.ok(timeline.to - timeline.from <= WINDOW_MAX);
  timeline.toEnd();
  assert.ok(timeline.showsEnd);
  while (timeline.up());
  assert.equal(timeline.from, 0);
  while (timeline.down());
  assert.ok(timeline.showsEnd);
});

test('a reader at the end follows the end through a burst', () => {
  const timeline = new Timeline();
  for (let n = 1; n <= 10_000; n += 1) {
    const late = n % 20 === 0;
    timeline.merge([message(late ? B : A, late ? n - 30 : n, { seq: n })],
      { slack: never, follow: true });
  }
  assert.ok(timeline.showsEnd);
  assert.equal(timeline.to - timeline.from, WINDOW_MAX);
});

test('a message above older ones is late, one at the end is not', () => {
  const store = new Store({ kinds });
  store.welcome(welcome({ arrival: 2, messages: [
    message(A, 10, { arrival: 1, arrived_at: 10_000 }),
    message(A, 20, { arrival: 2, arrived_at: 20_000 }),
  ] }));
  const { late } = store.addLive([
    message(B, 15, { arrival: 3, arrived_at: 60_000 }),
    message(B, 30, { arrival: 4, arrived_at: 60_000 }),
  ]);
  assert.deepEqual(late.map((one) => one.lamport), [15]);
  assert.deepEqual([...store.lateUnseen.keys()], [`${B}:15`]);
  assert.equal(store.cursor, 4);
});

test('what is not stored yet is shown, arrives only later, and is not held here', () => {
  const store = new Store({ kinds });
  store.welcome(welcome({ members: [member(A, 1), member(B, 2)] }));
  const told = () => message(B, 10, { arrival: 1 });
  const { added } = store.addEarly([told()]);
  assert.deepEqual(added.map((one) => one.lamport), [10]);
  assert.equal(store.cursor, 0);
  assert.equal(store.reading.count, 0);
  assert.deepEqual(store.marks(store.timeline.items[0]).have, []);

  assert.deepEqual(store.addLive([told()]).added, []);
  assert.equal(store.cursor, 1);
  assert.equal(store.reading.count, 1);
  const [held, ...others] = store.timeline.items;
  assert.deepEqual(others, []);
  assert.deepEqual(store.marks(held).have.map((one) => one.id), [A]);

  assert.deepEqual(store.addEarly([told()]).added, []);
  assert.deepEqual(store.marks(held).have.map((one) => one.id), [A], 'it stays stored');
});

test('two who write in the same moment are not late', () => {
  const store = new Store({ kinds });
  const first = message(B, 10, { arrival: 1, arrived_at: 500 });
  store.welcome(welcome({ arrival: 1, messages: [first] }));
  const { late } = store.addLive([message(id('0'), 10, { arrival: 2, arrived_at: 900 })]);
  assert.deepEqual(late, []);
});

test('lateness is found again after a reload, from arrival times', () => {
  const store = new Store({ kinds });
  store.welcome(welcome({ messages: [
    message(A, 10, { arrived_at: 10_000 }), message(B, 11, { arrived_at: 99_000 }),
    message(A, 12, { arrived_at: 12_000 }),
  ] }));
  assert.deepEqual(store.timeline.items.map((one) => Boolean(one.late)), [false, true, false]);
});

test('a late message above the oldest held leaves no hole, and is told', () => {
  const store = new Store({ kinds });
  store.welcome(welcome({ more: true, arrival: 2, messages: [message(A, 100, { arrival: 2 })] }));
  const { added, above } = store.addLive([message(B, 7, { arrival: 3 })]);
  assert.equal(added.length, 0);
  assert.equal(above.length, 1);
  assert.deepEqual([...store.lateUnseen.keys()], [`${B}:7`]);
  assert.equal(store.history.ask('older').before, `100.${A}`);
  assert.equal(store.history.ask('older'), null, 'asked once only');
  store.addPage({ before: `100.${A}`, more: false, messages: [message(B, 7, { arrival: 3 })] });
  assert.deepEqual(store.timeline.items.map((one) => one.lamport), [7, 100]);
});

test('a message waits for those who were here before it and are neither gone nor set aside', () => {
  const store = new Store({ kinds });
  const D = id('d');
  const E = id('e');
  const F = id('f');
  store.welcome(welcome({
    members: [member(A, 1), member(B, 2), member(C, 3), member(D, 4, { left: true }),
      member(E, 5, { aside: true }), member(F, 50), member(id('0'), null),
      member(id('1'), 6, { disputed: 3 })],
    messages: [message(A, 10, { seq: 2 })],
  }));
  const [own] = store.timeline.items;
  const now = () => {
    const { state, of, have } = store.marks(own);
    return { state, of, have: have.map((one) => one.id) };
  };
  assert.deepEqual(now(), { state: 'kept', of: 2, have: [] });
  store.mergeReceipts({ members: { [B]: { stored: { [A]: 2 }, read: {}, clock: 3 } } });
  assert.deepEqual(now(), { state: 'kept', of: 2, have: [B] });
  store.mergeReceipts({ members: { [B]: { stored: { [A]: 1 } } }, delivered: { [A]: 2 } });
  assert.deepEqual(now(), { state: 'delivered', of: 2, have: [B] }, 'watermarks only grow');
  store.mergeReceipts({ read: { [A]: 2 } });
  assert.equal(now().state, 'read');
  store.addLive([{ ...own, state: 'kept' }]);
  assert.equal(now().state, 'read', 'a mark never goes back');
});

/** A language that says keys; times are hours since 1970. */
const lang = {
  t: (key, values = {}) => [key, ...Object.values(values)].join(' '),
  time: () => '', when: () => '',
  day: (at) => `day ${at}`, dayKey: (at) => Math.floor(at / 86_400_000),
};
const rowsOf = (store, more = {}) => plan(store, { entries: [] }, { ...lang, ...more }, 0);

test('a row that cannot be made is shown as such, and all others as they are', (t) => {
  const told = t.mock.method(console, 'error', () => {});
  const store = new Store({ kinds });
  const planted = message(B, 3);
  store.welcome(welcome({ members: [member(A, 1), member(B, 2)], messages: [
    message(B, 2), planted, message(B, 4), message(B, 5, { kind: 'leave' }),
  ] }));
  Object.defineProperty(planted, 'text', { get: () => { throw new Error('planted'); } });
  const shown = () => rowsOf(store).map((row) => row.kind);
  assert.deepEqual(shown(), ['day', 'message', 'broken', 'message', 'system']);
  shown();
  assert.equal(told.mock.callCount(), 1, 'told once');
  assert.equal(rowsOf(store)[2].id, planted.id);
  const failing = (at) => {
    if (at === 7) throw new Error('planted');
    return '';
  };
  const other = new Store({ kinds });
  other.welcome(welcome({ members: [member(A, 1)], messages: [
    message(A, 2), message(A, 3, { at: 7 }), message(A, 4),
  ] }));
  const messages = plan(other, { entries: [] }, { ...lang, time: failing }, 0)
    .filter((row) => row.kind === 'message');
  assert.equal(messages.length, 3, 'nor does a time that cannot be written cost its neighbours');
});

test('a message of an impossible time is a message', () => {
  const real = language('en', TEXTS, 'UTC');
  const store = new Store({ kinds });
  store.welcome(welcome({ members: [member(A, 1), member(B, 2)], messages: [
    message(B, 2), message(B, 3, { at: 8_640_000_000_000_001, arrived_at: 2 ** 53 - 1 }),
    message(A, 4, { at: 2 ** 53 - 1 }), message(B, 5),
  ] }));
  const rows = plan(store, { entries: [] }, real, 2_000);
  const texts = rows.filter((row) => row.kind === 'message').map((row) => row.text);
  assert.deepEqual(texts, ['2', '3', '4', '5']);
  assert.deepEqual(rows.filter((row) => row.kind === 'day').map((row) => row.text),
    ['Today', 'Time unknown', 'Today']);
  assert.equal(rows.find((row) => row.text === '3').meta.time, 'Time unknown');
});

test('a rename never names a key where a name was ever known', () => {
  const store = new Store({ kinds });
  const renamed = message(B, 5, { kind: 'profile', text: 'Xavier', name: 'Zoe' });
  store.welcome(welcome({ more: true, members: [member(A, 1), { ...member(B, 2), name: 'Zoe' }],
    messages: [renamed, message(B, 6, { kind: 'circle', text: 'Roda' })] }));
  const said = () => rowsOf(store).filter((row) => row.kind === 'system')
    .map((row) => row.text.replace(/[\u2068\u2069]/g, ''));
  assert.deepEqual(said(), ['system.named Xavier', 'system.circle Zoe Roda']);
  store.history.ask('older');
  store.addPage({ before: `5.${B}`, more: false, messages: [
    message(B, 2, { kind: 'profile', seq: 1, text: 'Ana', name: 'Zoe' }),
    message(C, 3, { kind: 'profile', seq: 1, text: 'Caio', name: '' }),
    message(C, 4, { kind: 'profile', seq: 2, text: '', name: '' }),
  ] });
  assert.deepEqual(said(), ['system.joined Ana', 'system.joined Caio', 'system.renamed Caio Caio',
    'system.renamed Ana Xavier', 'system.circle Zoe Roda']);
  assert.equal(store.nameOf(C), 'Caio', 'a name that no list has any more');
});

test('one time stands for a group, and beside each late arrival', () => {
  const store = new Store({ kinds });
  store.welcome(welcome({ members: [member(A, 1), member(B, 2)], messages: [
    message(B, 2), message(B, 3), message(A, 4), message(A, 5), message(B, 6),
  ] }));
  store.timeline.items[0].late = true;
  const quiet = rowsOf(store).filter((row) => row.kind === 'message').map((row) => row.meta.quiet);
  assert.deepEqual(quiet, [false, false, true, false, false]);
});

test('what is quiet is numbered and no row, and its target says how many', () => {
  const store = new Store({ kinds });
  store.welcome(welcome({ arrival: 2, members: [member(A, 1), member(B, 2)],
    messages: [message(B, 2, { arrival: 2 })] }));
  const shown = () => rowsOf(store).filter((row) => row.kind === 'message')
    .map((row) => [row.text, row.newer]);
  const quiet = { kind: 'applause', text: '', quiet: true };
  const { added, late } = store.addLive([
    message(B, 3, { arrival: 3, ...quiet }), message(C, 1, { arrival: 4, ...quiet }),
  ]);
  assert.deepEqual([added, late, store.cursor, store.newCount()], [[], [], 4, 0]);
  assert.deepEqual(shown(), [['2', null]]);
  store.change([message(B, 2, { arrival: 2, newer: 2 }), message(C, 9, { arrival: 1, newer: 1 })]);
  assert.deepEqual(shown(), [['2', 'newer.count 2']], 'and one that is not held stays away');
  store.change([message(B, 2, { arrival: 2, newer: 1_000 })]);
  assert.deepEqual(shown(), [['2', 'newer.many']], 'the node counts no further');
});

test('at midnight the days have other names', () => {
  const real = language('en', TEXTS, 'UTC');
  const store = new Store({ kinds });
  store.welcome(welcome({ messages: [message(A, 2, { at: 0 })] }));
  const day = (now) => plan(store, { entries: [] }, real, now)[0].text;
  assert.deepEqual([day(86_399_999), day(86_400_000)], ['Today', 'Yesterday']);
});

test('rows stand in groups, under days, with the late label and what waits to be sent', () => {
  const store = new Store({ kinds });
  store.welcome(welcome({ members: [member(A, 1), member(B, 2)], messages: [
    message(B, 1, { kind: 'profile', text: 'B', seq: 1 }), message(B, 2), message(B, 3),
    message(A, 4, { at: 86_400_000 * 3 }), message(B, 5, { kind: 'dance', at: 86_400_000 * 3 }),
  ] }));
  const outbox = { entries: [{ ref: 'r', text: 'x', failed: null }] };
  const rows = plan(store, outbox, lang, 0);
  assert.deepEqual(rows.map((row) => row.kind),
    ['day', 'system', 'message', 'message', 'day', 'message', 'message', 'unsent']);
  assert.deepEqual(rows.filter((row) => row.kind === 'message').map((row) => [row.first, row.last]),
    [[true, false], [false, true], [true, true], [true, true]]);
  assert.equal(rows[6].text, 'kind.newer');
});

test('the divider counts what others said from it on, and a place is final up to the mark', () => {
  const store = new Store({ kinds });
  store.welcome(welcome({
    members: [member(A, 1), member(B, 2)],
    read: { behind: { [B]: 3 }, first: `4.${B}`, count: 2 }, arrival: serial + 5,
    messages: [message(B, 3), message(B, 4), message(A, 5), message(B, 6),
      message(B, 7, { kind: 'profile' })],
    receipts: { members: { [B]: { stored: {}, read: {}, clock: 5 } }, final: 4 },
  }));
  assert.equal(store.newCount(), 2);
  const [, four, five, six] = store.timeline.items;
  assert.equal(store.firstNew(), four);
  assert.deepEqual([four, five].map((one) => store.isFinal(one)), [true, false]);
  assert.deepEqual(store.blockers(five), []);
  assert.deepEqual(store.blockers(six).map((one) => one.id), [B]);
});

test('who tells nobody what was read is not shown what others read', () => {
  const store = new Store({ kinds });
  store.welcome(welcome({
    members: [member(A, 1), member(B, 2)], messages: [message(A, 3)], read_receipts: false,
    receipts: { members: { [B]: { stored: { [A]: 3 }, read: { [A]: 3 } } }, read: { [A]: 3 } },
  }));
  const [own] = store.timeline.items;
  assert.equal(store.marks(own).state, 'delivered');
  store.readReceipts = true;
  assert.equal(store.marks(own).state, 'read');
});
