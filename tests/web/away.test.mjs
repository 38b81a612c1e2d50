import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';

import { emptyWords } from '../../web/js/app/around.js';
import { stateOf } from '../../web/js/app/banner.js';
import { language } from '../../web/js/core/i18n.js';
import { careful, Outbox } from '../../web/js/core/outbox.js';
import { Store } from '../../web/js/core/store.js';
import { kinds } from '../../web/js/kinds/index.js';
import { Api, reason } from '../../web/js/net/api.js';
import { Connection } from '../../web/js/net/connection.js';
import { frames } from '../../web/js/net/frames/index.js';
import { standing } from '../../web/js/people/people.js';
import { id } from './fake-node.mjs';

const texts = (tag) =>
  JSON.parse(readFileSync(new URL(`../../web/lang/${tag}.json`, import.meta.url), 'utf8'));
const en = language('en', texts('en'), 'UTC');
const pt = language('pt-BR', texts('pt-BR'), 'UTC');

async function refusal(fetch) {
  const api = new Api({ fetch, access: { token: null } });
  return api.setMe({ name: 'Ana' }).then(() => assert.fail('it was done'), (error) => error);
}

test('a node that is away is named in the reader’s language', async () => {
  const unreached = async () => {
    throw new TypeError('Failed to fetch');
  };
  const brokenOff = async () => ({ ok: true, json: unreached });
  for (const fetch of [unreached, brokenOff]) {
    const error = await refusal(fetch);
    assert.match(reason(error, en), /^The node is away: .*`roda run`/);
    assert.match(reason(error, pt), /^O nó está fora: /);
  }
});

test('a refusal is told by its code where that is known, else in its words', async () => {
  const refuses = (code, message) => async () =>
    ({ ok: false, status: 400, json: async () => ({ error: { code, message } }) });
  assert.match(reason(await refusal(refuses('busy', 'wait')), pt), /^O nó tem trabalho demais/);
  assert.equal(reason(await refusal(refuses('invalid', 'a name has 64 bytes at most')), en),
    'That did not work: a name has 64 bytes at most');
});

const member = (letter, more) => ({
  id: id(letter), name: letter, online: true, rtt_ms: 12, via: null, since: `1.${id(letter)}`,
  last_heard: 60_000, links: [], ...more,
});

test('of a node that is away nothing of now is told', () => {
  const store = new Store({ kinds });
  store.setMembers({ members: [member('a'), member('b')] });
  const say = (one, away) => standing(one, store, en, 180_000, away);
  assert.equal(say(member('b'), false), '12\u00a0ms');
  assert.equal(say(member('b'), true), 'heard 2 minutes ago');
  assert.equal(say(member('b', { online: false, via: id('a') }), true), 'heard 2 minutes ago');
});

test('less than a millisecond is no number', () => {
  const store = new Store({ kinds });
  for (const rtt_ms of [0, null, undefined]) {
    assert.equal(standing(member('b', { rtt_ms }), store, en, 0), 'here');
  }
});

test('a page that never reached its node says that it is away once it was tried', () => {
  const store = new Store({ kinds });
  const state = (connection, met = false) => stateOf(connection, met, store)[0];
  assert.equal(state({ state: 'connecting', failures: 0 }), 'connecting');
  assert.equal(state({ state: 'waiting', failures: 1 }), 'reconnecting');
  assert.equal(state({ state: 'connecting', failures: 3 }), 'reconnecting');
  assert.equal(state({ state: 'connecting', failures: 0 }, true), 'reconnecting');
});

/** A connection on a socket that the test plays. */
function played() {
  const sockets = [];
  const heard = [];
  const due = [];
  class Socket {
    constructor() {
      sockets.push(this);
    }

    send() {}

    close() {}
  }
  const connection = new Connection({
    url: 'ws://node/ws', WebSocket: Socket, random: () => 0.5, frames, store: new Store({ kinds }),
    timers: { set: (action) => due.push(action), clear: () => {} },
    token: () => 't', allowed: async () => true,
    outbox: new Outbox({ storage: careful(null), newRef: () => 'r', now: () => 1 }),
    onState: () => {}, onPacket: (packet, result) => heard.push([packet.code, result]),
  });
  const say = (packet) => sockets.at(-1).onmessage({ data: JSON.stringify(packet) });
  return { connection, sockets, heard, due, say };
}

test('a page too many is a state until there is room, not a notice each time', async () => {
  const { connection, sockets, heard, due, say } = played();
  await connection.start();
  for (let n = 1; n <= 3; n += 1) {
    say({ type: 'error', code: 'too_many_pages', message: '16 pages are open' });
    sockets.at(-1).onclose({ code: 1013 });
    assert.deepEqual(stateOf(connection, false, connection.store)[0], 'full');
    await due.pop()();
    assert.equal(sockets.length, n + 1, 'it goes on asking');
  }
  assert.ok(heard.every(([, result]) => result), 'told by the state, not by a notice');
  say({ type: 'welcome', epoch: 'e', me: id('a'), arrival: 0, members: [], messages: [],
    more: false, store: 'ok' });
  assert.equal(stateOf(connection, true, connection.store)[0], 'online');
});

test('an empty log says why, and who has left is not asked to write', () => {
  const at = { talks: false, met: true, state: 'online', away: false, left: false, count: 1 };
  const words = (change) => emptyWords({ ...at, ...change });
  assert.equal(words({}), 'alone');
  assert.equal(words({ count: 2 }), 'others');
  assert.equal(words({ left: true }), 'left');
  assert.equal(words({ met: false }), 'connecting');
  assert.equal(words({ met: false, away: true }), 'away');
  assert.equal(words({ met: false, away: true, state: 'full' }), 'full');
  assert.equal(words({ met: false, talks: true }), '', 'what waits to be sent is there');
});
