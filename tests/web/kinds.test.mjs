import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import test from 'node:test';

import { collect } from '../../web/js/core/export.js';
import { Kinds } from '../../web/js/core/kinds.js';
import { Store } from '../../web/js/core/store.js';
import { kinds } from '../../web/js/kinds/index.js';
import { plan } from '../../web/js/log/rows.js';
import { id } from './fake-node.mjs';

const [ME, B] = [id('a'), id('b')];
/** A language that says keys. */
const lang = {
  t: (key, values = {}) => [key, ...Object.values(values)].join(' '), has: () => false,
  time: () => '', when: () => '', stamp: () => 'then', day: () => '', dayKey: () => 0,
};
const entry = (seq, more) => ({
  id: `${B}:${seq}`, author: B, name: 'Bento', seq, lamport: seq, at: 0, kind: 'text', text: '',
  arrival: seq, arrived_at: 0, of: 0, state: 'kept', final: false, ...more,
});

function held(known, messages) {
  const store = new Store({ kinds: known });
  store.welcome({
    epoch: 'e', me: ME, arrival: messages.length, members: [], messages, more: false, store: 'ok',
    read: { behind: {}, first: null, count: 0, more: false }, read_receipts: true,
  });
  return store;
}
const shown = (store) => plan(store, { entries: [] }, lang, 0).slice(1);
const exported = (known, messages) => collect({
  api: { page: async () => ({ messages, more: false }) }, format: 'txt', lang, kinds: known,
  onProgress() {},
});

test('every kind is a line of the log, or has words and an element', () => {
  const all = [...kinds.byName.values(), kinds.other];
  for (const { name, line, row, show } of all) {
    assert.ok(line ? !row && !show : row && show, name);
  }
  assert.equal(new Set(all.map((kind) => kind.name)).size, all.length);
  assert.ok(all.length >= readdirSync(new URL('../../web/js/kinds/', import.meta.url)).length - 1);
});

test('a kind that nobody knows is said to be newer, and what cannot be read to be that', () => {
  const messages = [entry(1, { kind: 'of tomorrow' }), entry(2, { kind: 'unreadable' })];
  const rows = shown(held(kinds, messages));
  assert.deepEqual(rows.map(({ kind, text }) => [kind, text]), [
    ['message', 'kind.newer'], ['message', 'kind.unreadable'],
  ]);
  assert.deepEqual(messages.map((one) => kinds.spoken(one, lang.t)),
    ['kind.newer', 'kind.unreadable']);
  assert.deepEqual(messages.map((one) => kinds.textOf(one)), [null, null]);
});

test('a kind more is shown, exported, spoken and counted by what it says of itself', async () => {
  const poll = {
    name: 'poll', row: (message, t) => ({ text: t('poll', { about: message.text }) }), show() {},
  };
  const moved = { name: 'moved', line: (message, { who, set }) => `${set(who)} has moved` };
  const more = new Kinds([...kinds.byName.values(), poll, moved], kinds.other);
  const messages = [entry(1, { kind: 'poll', text: 'lunch' }), entry(2, { kind: 'moved' })];
  const store = held(more, messages);
  assert.deepEqual(shown(store).map((row) => [row.kind, row.text]), [
    ['message', 'poll lunch'], ['system', '\u2068Bento\u2069 has moved'],
  ]);
  assert.equal(more.spoken(messages[0], lang.t), 'poll lunch');
  assert.equal((await exported(more, messages)).join(''),
    '[then] Bento: poll lunch\n[then] Bento has moved\n');
  store.reading.since = { lamport: 0, author: ME };
  assert.deepEqual(messages.map((one) => store.reading.needs(one)), [true, false]);
});
