import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';

import { frames } from '../../web/js/net/frames/index.js';
import { id } from './fake-node.mjs';
import { page, withNode } from './page.mjs';

const API = readFileSync(new URL('../../docs/api.md', import.meta.url), 'utf8');

test('the page knows every frame that a node sends, and no other', () => {
  const [, from] = API.split('### From the node');
  const [told] = from.split('### From the page');
  const named = [...told.matchAll(/^\*\*`(\w+)`\*\*/gm)].map(([, type]) => type);
  assert.ok(named.length > 9, `${named}`);
  assert.deepEqual([...frames.keys()].sort(), named.sort());
});

test('a frame that the page does not know is left, and the next is taken', async () => {
  await withNode({}, async (node, port) => {
    const { store, connection, until, told } = page(port);
    connection.start();
    await until(() => connection.state === 'online');
    for (const type of ['newer', 'constructor', 'toString']) node.tell({ type });
    node.tell({ type: 'messages', messages: [node.entry({ author: id('b'), text: 'hi' })] });
    await until(() => store.timeline.items.length === 1);
    assert.ok(told.slice(1, 4).every(({ result }) => result === undefined));
  });
});

test('what a frame shows is asked of the page by its meaning', () => {
  const asked = [];
  const told = new Proxy({}, { get: (_, name) => (...args) => asked.push([name, ...args]) });
  const show = (type, frame, result) => frames.get(type).show?.(told, { type, ...frame }, result);
  show('messages', { messages: [] }, 'added');
  show('sent', {}, 'added');
  show('typing', { member: 'b' });
  show('welcome', {}, true);
  show('notice', { code: 'late', message: 'as many' });
  show('notice', { code: 'disputed', message: 'two versions' });
  show('error', { message: 'of a question' }, true);
  show('error', { message: 'of a send' }, { ref: 'r' });
  show('error', { message: 'of nothing' }, null);
  show('receipts', {});
  assert.deepEqual(asked, [
    ['arrived', 'added'], ['arrived', 'added'], ['typing', 'b'], ['welcomed', true],
    ['say', 'notice.disputed', 'two versions'], ['unread'], ['say', null, 'of nothing'],
  ]);
});
