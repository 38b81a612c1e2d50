import assert from 'node:assert/strict';
import test from 'node:test';

import { READ_MS, Reader } from '../../web/js/core/reading.js';
import { Store } from '../../web/js/core/store.js';
import { kinds } from '../../web/js/kinds/index.js';
import { id } from './fake-node.mjs';
import { manual } from './page.mjs';

const ME = id('a');
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

/** A store whose reader came at place 1 and has read nothing of what these say. */
function store(messages, more = {}) {
  const held = new Store({ kinds });
  const behind = {};
  for (const { author, seq } of messages) behind[author] ??= seq - 1;
  held.welcome({
    epoch: 'e', me: ME, arrival: serial, more: false, store: 'ok', messages,
    members: [{ id: ME, since: `1.${ME}` }, { id: B, since: `1.${B}` }, { id: C, since: null }],
    read: { behind, count: messages.length, first: `${messages[0]?.lamport}.${B}`, more: false },
    ...more,
  });
  return held;
}

/** What the node is told once these have been on the screen. */
function told({ reading }, ...ids) {
  reading.see(ids);
  return reading.tell();
}

const range = (from, to) => Array.from({ length: to - from + 1 }, (_, n) => from + n);
const of = (author, ...seqs) => seqs.map((seq) => `${author}:${seq}`);

test('a mark moves only through messages that were on the screen, without a hole', () => {
  const held = store(range(2, 9).map((n) => message(B, n)));
  assert.deepEqual(told(held, ...of(B, 8, 9)), {}, 'the end alone is not all before it');
  assert.deepEqual(told(held, ...of(B, 2, 3)), { [B]: 3 });
  assert.equal(held.reading.first().seq, 4);
  assert.deepEqual(held.reading.around({ lamport: 8, author: B }, { lamport: 9, author: B }),
    { above: 4, below: 0 });
  assert.deepEqual(told(held, ...of(B, 4, 5, 6, 7)), { [B]: 9 });
  assert.equal(held.reading.count, 0);
  assert.equal(held.reading.first(), null);
});

test('one author who is not read holds back nobody else', () => {
  const held = store([message(B, 2), message(C, 3, { seq: 1 }), message(B, 4, { seq: 3 })]);
  assert.deepEqual(told(held, ...of(B, 2, 3)), { [B]: 3 });
  assert.deepEqual(told(held, ...of(C, 1)), { [C]: 1 });
});

test('a late message that nobody looked at holds back its author, waved away too', () => {
  const held = store([]);
  const late = { arrived_at: 90_000 };
  held.addLive([message(B, 10, { seq: 1 })]);
  held.addLive([message(C, 5, { seq: 1, ...late }), message(C, 11, { seq: 2, ...late }),
    message(B, 12, { seq: 2 })]);
  assert.deepEqual([...held.lateUnseen.keys()], [`${C}:1`]);
  held.lateSeen([`${C}:1`]);
  assert.deepEqual(told(held, ...of(B, 1, 2), ...of(C, 2)), { [B]: 2 });
  assert.deepEqual(told(held, ...of(C, 1)), { [C]: 2 });
});

test('a late message above what is held is not signed for', () => {
  const held = store([message(B, 50, { seq: 9 })], { more: true });
  held.addLive([message(C, 7, { seq: 1 }), message(C, 60, { seq: 2 })]);
  assert.deepEqual(told(held, `${B}:9`, `${C}:2`), { [B]: 9 });
  assert.equal(held.reading.first().id, `${C}:1`);
});

test('lines that are no messages, and what was said before one came, need no reading', () => {
  const held = store([]);
  held.addLive([
    message(B, 2, { seq: 1, kind: 'profile' }), message(B, 3, { seq: 2 }),
    message(B, 4, { seq: 3, kind: 'circle' }), message(B, 5, { seq: 4 }),
  ]);
  assert.equal(held.reading.count, 2);
  assert.deepEqual(told(held, `${B}:2`, `${B}:4`), { [B]: 4 });
  const fresh = new Store({ kinds });
  fresh.welcome({
    epoch: 'e', me: ME, arrival: serial, more: false, store: 'ok', messages: [], members: [],
    read: { behind: {}, first: null, count: 0, more: false },
  });
  fresh.addLive([message(C, 90, { seq: 8 }), message(ME, 100, { seq: 1, kind: 'profile' }),
    message(C, 101, { seq: 9 })]);
  assert.equal(fresh.reading.count, 1);
  assert.deepEqual(told(fresh, `${C}:9`), { [C]: 9 });
});

test('own messages, and those of a log with two versions, hold back nothing', () => {
  const held = store([message(B, 2), message(ME, 3), message(B, 4, { seq: 3 })]);
  held.members.get(B).disputed = 3;
  assert.equal(held.reading.needs(held.timeline.items[1]), false);
  assert.equal(held.reading.needs(held.timeline.items[2]), false);
  assert.deepEqual(told(held, ...of(B, 2)), { [B]: 2 });
});

test('authors of whom nothing is known are not signed for', () => {
  const crowd = store([], { read: { behind: {}, first: null, count: 0, more: true } });
  crowd.addLive([message(B, 9)]);
  assert.deepEqual(told(crowd, `${B}:9`), {}, 'the node named only some of those behind');
  const older = store([], { read: { upto: `5.${B}`, arrival: 5 } });
  older.addLive([message(B, 9)]);
  assert.deepEqual(told(older, `${B}:9`), {}, 'a node that knows no marks');
});

test('what was said on a link that broke is said again', () => {
  const held = store([message(B, 2)]);
  assert.deepEqual(told(held, `${B}:2`), { [B]: 2 });
  assert.equal(held.reading.untold.size, 0);
  held.linkLost();
  assert.deepEqual(held.reading.tell(), { [B]: 2 });
});

/** A reader, and what it has read; `view` is what is on the screen. */
function reading() {
  const timers = manual();
  const read = [];
  const screen = { view: null };
  const reader = new Reader({
    timers, look: () => screen.view && screen.view.filter((part) => !read.includes(part.id)),
    onRead: (ids) => read.push(...ids),
  });
  const show = (...view) => {
    screen.view = view[0] === null ? null : view;
    reader.moved();
  };
  return { timers, read, show, reader };
}
const row = (name) => ({ id: name, of: 1, from: 0, to: 1, folded: false });

test('only what was on a watched screen for a second in all is read', () => {
  const { timers, read, show } = reading();
  show(null);
  timers.pass(5_000);
  show(row('x'), row('y'));
  timers.pass(600);
  show(null);
  timers.pass(5_000);
  assert.deepEqual(read, [], 'the reader turned away in time');
  show(row('y'), row('z'));
  timers.pass(399);
  assert.deepEqual(read, []);
  timers.pass(1);
  assert.deepEqual(read, ['y'], 'twice a little is enough');
  timers.pass(600);
  assert.deepEqual(read, ['y', 'z']);
  timers.pass(60_000);
  assert.equal(timers.due.size, 0, 'nothing is left to wait for');
});

test('a fast way to the end reads nothing on the way', () => {
  const { timers, read, show } = reading();
  for (let n = 0; n < 30; n += 1) {
    show(...range(n * 10, n * 10 + 12).map((at) => row(`${at}`)));
    timers.pass(READ_MS / 4);
  }
  timers.pass(READ_MS);
  assert.deepEqual(read, range(290, 302).map(String), 'but the last screen');
});

test('a message higher than the window is read once every part of it was there', () => {
  const { timers, read, show } = reading();
  const tall = (from, to) => ({ id: 'tall', of: 10, from, to, folded: false });
  show(tall(0, 4));
  timers.pass(READ_MS);
  show(tall(6, 10));
  timers.pass(READ_MS);
  assert.deepEqual(read, [], 'its middle was not');
  show(tall(3, 7));
  timers.pass(READ_MS);
  assert.deepEqual(read, ['tall']);
});

test('a folded message is read once it was unfolded, and the rest of it was there too', () => {
  const { timers, read, show } = reading();
  const long = (of, from, to, folded) => ({ id: 'long', of, from, to, folded });
  show(long(6, 0, 6, true));
  timers.pass(60_000);
  assert.deepEqual(read, [], 'what is folded away was never there');
  show(long(20, 3, 12, false));
  timers.pass(READ_MS);
  show(long(20, 12, 20, false));
  timers.pass(READ_MS);
  assert.deepEqual(read, ['long'], 'its beginning had been there before');
});

test('a message that has another shape now begins anew', () => {
  const { timers, read, show } = reading();
  show({ id: 'one', of: 4, from: 0, to: 3, folded: false });
  timers.pass(READ_MS);
  show({ id: 'one', of: 8, from: 5, to: 8, folded: false });
  timers.pass(READ_MS);
  assert.deepEqual(read, []);
});
