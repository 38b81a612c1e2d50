import assert from 'node:assert/strict';
import test from 'node:test';

import { id } from './fake-node.mjs';
import { page, withNode } from './page.mjs';

const ME = id('a');
const B = id('b');
const range = (from, to) => Array.from({ length: to - from + 1 }, (_, n) => from + n);

test('a page opens at the first unread, however many, and signs for none of them', async () => {
  for (const count of [30, 80, 300, 2_000]) {
    await withNode({ members: [{ id: ME, name: '', since: `1.${ME}` }] }, async (node, port) => {
      node.entry({ author: ME, kind: 'profile', text: '' });
      for (let n = 0; n < 60; n += 1) node.entry({ author: B, text: 'read' });
      node.marks = { [B]: 60 };
      for (let n = 0; n < count; n += 1) node.entry({ author: B, text: `${n}` });
      const { store: held, connection, until } = page(port);
      connection.start();
      await until(() => held.firstNew());
      assert.equal(held.firstNew().text, '0');
      assert.equal(held.newCount(), count);
      assert.equal(held.history.wish, null);
      const asked = node.received.filter((packet) => packet.type === 'history');
      assert.ok(asked.length <= 1, `${asked.length} questions`);
      assert.ok(!node.received.some((packet) => packet.type === 'read'));
      // Down to the end, as who reads on.
      while (held.timeline.newer) {
        connection.ask('newer');
        await until(() => !held.history.asked);
      }
      assert.equal(held.timeline.items.at(-1).text, `${count - 1}`);
      assert.equal(held.newCount(), count);
      held.reading.see(held.timeline.items.map((one) => one.id));
      connection.tellRead();
      await node.eventually((packet) => packet.type === 'read');
      assert.deepEqual(node.marks, { [B]: 60 + count });
    });
  }
});

test('what comes while another stretch is shown is counted, and comes into its place', async () => {
  await withNode({ members: [{ id: ME, name: '', since: `1.${ME}` }] }, async (node, port) => {
    node.entry({ author: ME, kind: 'profile', text: '' });
    for (let n = 0; n < 300; n += 1) node.entry({ author: B, text: `${n}` });
    const { store: held, connection, until, told: heard } = page(port);
    connection.start();
    await until(() => held.timeline.newer && held.timeline.items.length > 0);
    node.tell({ type: 'messages', messages: [node.entry({ author: B, text: 'live' })] });
    await until(() => heard.at(-1).packet.type === 'messages');
    assert.deepEqual(heard.at(-1).result.below.map((one) => one.text), ['live']);
    assert.equal(held.reading.count, 301);
    connection.ask('end');
    await until(() => !held.timeline.newer);
    assert.equal(held.timeline.items.at(-1).text, 'live');
    assert.equal(held.reading.first().text, '0', 'it is known where to go back to');
    node.tell({ type: 'messages', messages: [node.entry({ author: B, text: 'after' })] });
    await until(() => held.timeline.items.at(-1).text === 'after');
    assert.deepEqual(held.timeline.items.map((one) => one.lamport),
      range(held.timeline.items[0].lamport, held.timeline.items.at(-1).lamport), 'no hole');
  });
});

test('a jump to the beginning, or to a place, takes one question', async () => {
  await withNode({}, async (node, port) => {
    for (let n = 0; n < 5_000; n += 1) node.entry({ author: B, text: `${n}` });
    node.marks = { [B]: 5_000 };
    const { store: held, connection, until } = page(port);
    connection.start();
    await until(() => connection.state === 'online');
    for (const [at, first] of [[{ lamport: 1, author: '' }, '0'], [{ lamport: 2_500 }, '2499']]) {
      const before = node.received.length;
      connection.ask(at);
      await until(() => !held.history.asked);
      assert.equal(held.timeline.items[0].text, first);
      assert.equal(node.received.length - before, 1);
    }
  });
});

test('a page that comes back counts what it missed as arrivals, each once', async () => {
  await withNode({ members: [{ id: ME, name: '', since: `1.${ME}` }] }, async (node, port) => {
    node.entry({ author: ME, kind: 'profile', text: '' });
    const { store: held, connection, timers, until, told: heard } = page(port);
    connection.start();
    await until(() => connection.state === 'online');
    node.cut();
    await until(() => connection.state === 'waiting');
    for (let n = 0; n < 5; n += 1) node.entry({ author: B, text: `${n}`, at: 90_000 });
    timers.fire();
    await until(() => held.timeline.items.length === 6);
    const added = heard.filter(({ packet }) => packet.type === 'messages')
      .flatMap(({ result }) => result.added.map((one) => one.text));
    assert.deepEqual(added, ['0', '1', '2', '3', '4']);
    assert.equal(held.reading.count, 5);
  });
});

test('a history that cannot be read is no end of it, and can be asked for again', async () => {
  await withNode({}, async (node, port) => {
    for (let n = 0; n < 80; n += 1) node.entry({ author: B, text: `${n}` });
    node.marks = { [B]: 80 };
    const { store: held, connection, until } = page(port);
    connection.start();
    await until(() => connection.state === 'online');
    node.unreadable = 'store';
    connection.ask('older');
    await until(() => held.history.failed === 'older');
    assert.equal(held.history.more, true);
    assert.equal(held.timeline.items.length, 50, 'what was there stays');
    node.unreadable = null;
    connection.ask(held.history.failed);
    await until(() => held.timeline.items.length === 80);
    assert.equal(held.history.failed, null);
  });
});
