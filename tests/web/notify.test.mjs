import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';

import { collect } from '../../web/js/core/export.js';
import { language } from '../../web/js/core/i18n.js';
import { Notifier } from '../../web/js/core/notify.js';
import { careful } from '../../web/js/core/outbox.js';
import { Prefs } from '../../web/js/core/prefs.js';
import { kinds } from '../../web/js/kinds/index.js';
import { id } from './fake-node.mjs';

const texts = JSON.parse(readFileSync(new URL('../../web/lang/en.json', import.meta.url), 'utf8'));
const lang = language('en', texts, 'UTC');

function world({ permission = 'granted', possible = true, notify = true } = {}) {
  const shown = [];
  const clock = { now: 0, tasks: [] };
  const shell = {
    possible: () => possible, permission: () => permission, badge() {},
    request: async () => (permission = 'granted'),
    show: (one) => shown.push(one), beep: () => shown.push('beep'),
  };
  const timers = {
    now: () => clock.now,
    set: (f, ms) => clock.tasks.push({ f, at: clock.now + ms }),
    clear: (task) => { if (task) clock.tasks[task - 1] = null; },
  };
  const prefs = new Prefs({ storage: careful(null) });
  prefs.set('notify', notify);
  const store = { kinds, circle: 'Família', epoch: 'e', nameOf: (of, name) => name };
  const opened = [];
  const notifier = new Notifier({
    prefs, store, lang, shell, timers, onOpen: (message) => opened.push(message),
  });
  const pass = (ms) => {
    clock.now += ms;
    clock.tasks.forEach((task, index) => {
      if (!task || task.at > clock.now) return;
      clock.tasks[index] = null;
      task.f();
    });
  };
  return { notifier, prefs, shown, opened, pass };
}

const message = (text) =>
  ({ id: `${id('b')}:1`, author: id('b'), name: 'Iara', kind: 'text', text });

test('one message is told with its author and its words without marks', () => {
  const { notifier, shown, opened, pass } = world();
  const one = message(`**Oi** ${'x'.repeat(300)}`);
  notifier.arrived([one], 0);
  pass(0);
  assert.equal(shown.length, 1);
  assert.equal(shown[0].title, 'Iara · Família');
  assert.match(shown[0].body, /^Oi x+…$/);
  assert.equal(Array.from(shown[0].body).length, 140);
  shown[0].onClick();
  assert.deepEqual(opened, [one]);
});

test('a burst is told once, with counts, and the next only after a rest', () => {
  const { notifier, shown, pass } = world();
  for (let n = 0; n < 50; n += 1) notifier.arrived([message(`${n}`)], 0);
  notifier.arrived([], 3);
  pass(0);
  assert.deepEqual(shown.map((one) => one.body), ['50 new messages\n3 earlier messages arrived']);
  notifier.arrived([message('more')], 0);
  pass(1_999);
  assert.equal(shown.length, 1);
  pass(1);
  assert.equal(shown.length, 2);
});

test('nothing is told of what the reader has looked at meanwhile', () => {
  const { notifier, shown, pass } = world();
  notifier.arrived([message('a')], 0);
  notifier.looked();
  pass(10_000);
  assert.deepEqual(shown, []);
});

test('without leave or the reader’s wish nothing is shown, and sound is a wish of its own', () => {
  for (const refused of [{ permission: 'denied' }, { notify: false }]) {
    const { notifier, prefs, shown, pass } = world(refused);
    prefs.set('sound', true);
    notifier.arrived([message('a')], 0);
    pass(0);
    assert.deepEqual(shown, ['beep']);
  }
});

test('notifications are offered once, and only where the browser can be asked', async () => {
  const open = world({ permission: 'default', notify: false });
  assert.equal(open.notifier.offers(), true);
  assert.equal(open.notifier.offers(), false);
  assert.equal(await open.notifier.ask(), true);
  assert.equal(open.notifier.allowed(), true);
  assert.equal(world({ permission: 'default', possible: false }).notifier.offers(), false);
  assert.equal(world({ permission: 'denied' }).notifier.offers(), false);
});

test('an export holds every message once, in order, as words or as JSON', async () => {
  const all = Array.from({ length: 1_203 }, (_, index) => ({
    lamport: index + 1, author: id('b'), name: 'Iara', at: Date.UTC(2026, 10, 22, 12), kind: 'text',
    text: index === 0 ? 'two\n[lines]' : `${index}`,
  }));
  const api = {
    page: async ({ after, limit }) => {
      const from = Number(after.split('.')[0]);
      const rest = all.slice(from);
      return { messages: rest.slice(0, limit), more: rest.length > limit };
    },
  };
  const counts = [];
  const take = (format, signal) =>
    collect({ api, format, lang, kinds, onProgress: (count) => counts.push(count), signal });
  const lines = (await take('jsonl')).join('').trim().split('\n');
  assert.deepEqual(lines.map((line) => JSON.parse(line)), all);
  assert.deepEqual(counts, [500, 1_000, 1_203]);
  const words = (await take('txt')).join('');
  assert.match(words, /^\[11\/22\/26, 12:00.PM\] Iara: two\n {4}\[lines\]\n\[/);
  await assert.rejects(take('txt', AbortSignal.abort()), { name: 'AbortError' });
});

test('a line of an export that cannot be made is said to be, and the rest is there', async (t) => {
  t.mock.method(console, 'error', () => {});
  const line = (more) => ({ author: id('b'), name: 'Iara', at: 0, kind: 'text', ...more });
  const messages = [line({ seq: 1, text: 'a' }), line({ seq: 2, text: 'b', at: 2 ** 53 - 1 }),
    line({ seq: 3 }), line({ seq: 4, text: 'd' })];
  Object.defineProperty(messages[2], 'text', { get: () => { throw new Error('planted'); } });
  const api = { page: async () => ({ messages, more: false }) };
  const words = (await collect({ api, format: 'txt', lang, kinds, onProgress() {} })).join('');
  assert.deepEqual(words.trim().split('\n').map((one) => one.replace(/^\[1\/1.*?\] /, '')),
    ['Iara: a', '[Time unknown] Iara: b', '[Time unknown] This cannot be shown', 'Iara: d']);
});

test('an export says how who was renamed was called, and no text poses as a line', async () => {
  const line = (more) => ({ author: id('b'), name: 'Zoe', at: 0, kind: 'profile', ...more });
  const messages = [line({ seq: 1, text: 'Ana' }), line({ seq: 2, text: 'Xavier' }),
    line({ author: id('c'), name: '', seq: 5, text: 'Caio' }),
    line({ author: id('c'), name: '', seq: 6, kind: 'text',
      text: 'oi\u2028[1/1/70, 12:00 AM] Zoe: x' })];
  const api = { page: async () => ({ messages, more: false }) };
  const words = (await collect({ api, format: 'txt', lang, kinds, onProgress() {} })).join('');
  assert.equal(words.replace(/^\[[^\]]*\] /gm, ''), 'Ana joined the circle\n' +
    'Ana is now called Xavier\nCaio has a new name\nCaio: oi\n    [1/1/70, 12:00 AM] Zoe: x\n');
});
