import assert from 'node:assert/strict';
import test from 'node:test';

import { careful, Outbox } from '../../web/js/core/outbox.js';
import { Store } from '../../web/js/core/store.js';
import { kinds } from '../../web/js/kinds/index.js';
import { Access, Api } from '../../web/js/net/api.js';
import { wait, WAIT_MAX_MS, WAIT_MIN_MS } from '../../web/js/net/connection.js';
import { id } from './fake-node.mjs';
import { memory, page, withNode } from './page.mjs';

test('waits lie between a quarter of a second and ten, and grow', () => {
  for (let failures = 0; failures < 2_000; failures += 1) {
    assert.equal(wait(failures, () => 0), WAIT_MIN_MS);
    assert.ok(wait(failures, () => 0.999_999) <= WAIT_MAX_MS);
  }
  assert.ok(wait(0, () => 0.999) <= 500);
  assert.ok(wait(3, () => 0.999) > wait(1, () => 0.999));
  assert.ok(wait(20, () => 0.999) > WAIT_MAX_MS * 0.99);
});

test('a page that lost its link gets what it missed, late messages too, each once', async () => {
  await withNode({}, async (node, port) => {
    for (let n = 0; n < 80; n += 1) node.entry({ author: id('b'), text: `${n}` });
    node.marks = { [id('b')]: 80 };
    const { store, connection, timers, until } = page(port);
    connection.start();
    await until(() => connection.state === 'online');
    assert.equal(store.timeline.items.length, 50);
    node.cut();
    await until(() => connection.state === 'waiting');
    for (let n = 0; n < 100; n += 1) node.entry({ author: id('b'), text: 'missed' });
    node.entry({ author: id('c'), lamport: 60, text: 'late' });
    timers.fire();
    await until(() => store.timeline.items.length === 151);
    assert.deepEqual(store.timeline.items.map((one) => one.id),
      node.sorted().slice(-151).map((one) => one.id));
    assert.equal(store.cursor, 181);
    assert.equal(connection.ask('older'), true);
    await until(() => store.timeline.items.length === 181);
    assert.equal(store.history.more, false);
    assert.equal(connection.ask('older'), false);
  });
});

test('the cursor never passes a message that has not come', async () => {
  const store = new Store({ kinds });
  store.welcome({
    epoch: 'e', me: id('a'), arrival: 10, members: [], messages: [], more: false, store: 'ok',
  });
  const told = (arrival) => ({ id: `x:${arrival}`, author: id('b'), lamport: arrival, arrival });
  store.addLive([told(13), told(11)]);
  assert.equal(store.cursor, 11);
  store.addLive([told(12)]);
  assert.equal(store.cursor, 13);
});

test('another store behind the same address starts the page anew', async () => {
  await withNode({}, async (node, port) => {
    node.entry({ author: id('b'), text: 'old' });
    const { store, connection, timers, until } = page(port);
    connection.start();
    await until(() => connection.state === 'online');
    node.cut();
    await until(() => connection.state === 'waiting');
    node.epoch = 'e2';
    node.messages = [];
    node.entry({ author: id('c'), text: 'new' });
    timers.fire();
    await until(() => connection.state === 'online');
    assert.deepEqual(store.timeline.items.map((one) => one.text), ['new']);
    assert.ok(!node.received.some((packet) => packet.type === 'resume'));
  });
});

test('what was sent before the link broke becomes one message', async () => {
  await withNode({}, async (node, port) => {
    const { store, outbox, connection, timers, until } = page(port);
    connection.start();
    await until(() => connection.state === 'online');
    const { ref } = connection.send('once');
    node.tell = () => node.cut(); // committed, but the page never hears of it
    await until(() => connection.state === 'waiting');
    delete node.tell;
    connection.send('written without a link');
    timers.fire();
    await until(() => outbox.entries.length === 0 && store.timeline.items.length === 2);
    assert.deepEqual(node.messages.map((one) => one.text), ['once', 'written without a link']);
    const sent = node.received.filter((packet) => packet.ref === ref);
    assert.equal(sent.length, 2, 'sent again under the same reference');
  });
});

test('of two equal texts the one that was committed is gone, and the other waits', async () => {
  await withNode({}, async (node, port) => {
    const { store, outbox, connection, timers, until } = page(port);
    connection.start();
    await until(() => connection.state === 'online');
    const take = node.take.bind(node);
    // The first is lost on its way, the second told and never answered.
    node.take = ({ type, ...packet }, socket) => {
      if (type !== 'send') take({ type, ...packet }, socket);
      else if (packet.ref !== first.ref) {
        node.tell({ type: 'messages', messages: [Object.assign(
          node.entry({ author: node.me, text: packet.text }), { ref: packet.ref })] });
      }
    };
    const first = connection.send('ok');
    const second = connection.send('ok');
    await until(() => store.timeline.items.length === 1);
    assert.equal(store.timeline.items[0].ref, second.ref);
    assert.deepEqual(outbox.entries.map((one) => one.ref), [first.ref]);
    node.tell({ type: 'error', ref: first.ref, code: 'busy', message: 'try again' });
    await until(() => first.failed === 'try again');
    assert.deepEqual(outbox.entries, [first], 'refused, and still there');
    delete node.take;
    connection.retry(first.ref);
    await until(() => outbox.entries.length === 0);
    assert.deepEqual(node.messages.map((one) => one.ref), [second.ref, first.ref]);
    // After a lost link too: what was missed tells of it.
    node.cut();
    await until(() => connection.state === 'waiting');
    const [lost, kept] = [connection.send('ok'), connection.send('ok')];
    Object.assign(node.entry({ author: node.me, text: 'ok' }), { ref: kept.ref });
    node.silent = true;
    timers.fire();
    await until(() => store.timeline.items.length === 3);
    assert.deepEqual(outbox.entries, [lost]);
  });
});

test('what a fresh welcome or a page of history brings is not sent again', async () => {
  await withNode({}, async (node, port) => {
    const { store, outbox, connection, until } = page(port);
    const [old, recent, lost] = ['a', 'b', 'c'].map((text) => connection.send(text));
    const told = ({ text, ref }) =>
      Object.assign(node.entry({ author: node.me, text }), { ref });
    told(old);
    for (let n = 0; n < 60; n += 1) node.entry({ author: id('b'), text: `${n}` });
    node.marks = { [id('b')]: 60 };
    told(recent);
    node.silent = true;
    connection.start();
    await until(() => connection.state === 'online');
    assert.deepEqual(outbox.entries, [old, lost]);
    connection.ask('older');
    await until(() => store.history.more === false);
    assert.deepEqual(outbox.entries, [lost]);
    await node.eventually((packet) => packet.ref === lost.ref);
    assert.ok(!node.received.some((packet) => packet.ref === recent.ref), 'known before');
  });
});

test('what was not sent survives a reload', async () => {
  await withNode({}, async (node, port) => {
    const map = new Map();
    page(port, { map }).connection.send('kept');
    const { outbox, connection, until } = page(port, { map });
    assert.deepEqual(outbox.entries.map((entry) => entry.text), ['kept']);
    connection.start();
    await until(() => outbox.entries.length === 0);
    assert.equal(node.messages[0].text, 'kept');
    assert.equal(map.size, 0);
  });
});

test('what was written for another store is not sent without a word', () => {
  const outbox = new Outbox({ storage: careful(memory()), newRef: () => 'r', now: () => 1 });
  outbox.add('for them', 'e1');
  assert.deepEqual(outbox.waiting('e2'), []);
  outbox.retry('r', 'e2');
  assert.equal(outbox.waiting('e2').length, 1);
});

test('a refused text stays, with the reason, and can be tried again', async () => {
  await withNode({}, async (node, port) => {
    node.silent = true;
    const { outbox, connection, until } = page(port);
    connection.start();
    await until(() => connection.state === 'online');
    const { ref } = connection.send('hello');
    node.tell({ type: 'error', ref, code: 'busy', message: 'try again' });
    await until(() => outbox.find(ref).failed === 'try again');
    node.silent = false;
    connection.retry(ref);
    await until(() => outbox.entries.length === 0);
    assert.equal(node.messages.length, 1);
  });
});

test('storage that fails does not stop the page', () => {
  const full = () => {
    throw new Error('full');
  };
  const broken = careful({ getItem: full, setItem: full, removeItem: full });
  const outbox = new Outbox({ storage: broken, newRef: () => 'r', now: () => 1 });
  assert.equal(outbox.add('text', null).text, 'text');
  assert.equal(careful(null).get('x'), null);
});

test('a node that asks for a token gets it first, and a refusal leads to the form', async () => {
  await withNode({ token: 'right' }, async (node, port) => {
    const fetchFrom = (path, options) => fetch(`http://127.0.0.1:${port}${path}`, options);
    const with_ = (token) => page(port, {
      token, allowed: () => new Api({ fetch: fetchFrom, access: { token } }).allowed(),
    });
    const right = with_('right');
    right.connection.start();
    await right.until(() => right.connection.state === 'online');
    assert.deepEqual(node.received[0], { type: 'auth', token: 'right' });
    const none = with_(null);
    none.connection.start();
    await none.until(() => none.connection.state === 'login');
    const wrong = with_('wrong');
    wrong.connection.start();
    await wrong.until(() => wrong.connection.state === 'waiting');
    wrong.timers.fire();
    await wrong.until(() => wrong.connection.state === 'login');
  });
});

test('a token in the address is kept and cleared away', () => {
  const cleared = [];
  const history = { replaceState: (...args) => cleared.push(args[2]) };
  const storage = careful(memory());
  const location = { hash: '#token=abc', pathname: '/', search: '' };
  assert.equal(new Access({ storage, location, history }).token, 'abc');
  assert.deepEqual(cleared, ['/']);
  const later = new Access({ storage, location: { ...location, hash: '' }, history });
  assert.equal(later.token, 'abc');
  later.take(' http://localhost:8080/#token=def ');
  assert.equal(later.token, 'def');
});
