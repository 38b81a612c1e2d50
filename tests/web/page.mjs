// A page without a screen, on a link to a node: what several tests start from.

import { careful, Outbox } from '../../web/js/core/outbox.js';
import { Store } from '../../web/js/core/store.js';
import { kinds } from '../../web/js/kinds/index.js';
import { Connection } from '../../web/js/net/connection.js';
import { frames } from '../../web/js/net/frames/index.js';
import { FakeNode } from './fake-node.mjs';
import { ClientSocket } from './socket.mjs';

/** Storage as a browser has it. */
export function memory(map = new Map()) {
  return {
    get length() { return map.size; },
    key: (index) => [...map.keys()][index],
    getItem: (key) => map.get(key) ?? null,
    setItem: (key, value) => map.set(key, value),
    removeItem: (key) => map.delete(key),
  };
}

/** Timers that fire when told to, and a clock that goes when told to. */
export function manual() {
  const due = new Map();
  let serial = 0;
  let clock = 0;
  return {
    due,
    now: () => clock,
    set: (action, ms) => due.set(++serial, { action, at: clock + ms }) && serial,
    clear: (timer) => due.delete(timer),
    /** Everything that is due at whatever time. */
    fire() {
      const all = [...due.values()];
      due.clear();
      for (const { action } of all) action();
    },
    /** So many milliseconds go by. */
    pass(ms) {
      const end = clock + ms;
      for (;;) {
        const next = [...due].sort(([, a], [, b]) => a.at - b.at)[0];
        if (!next || next[1].at > end) break;
        due.delete(next[0]);
        clock = Math.max(clock, next[1].at);
        next[1].action();
      }
      clock = end;
    },
  };
}

/** `until(check)` waits for packets, not for time; `told` is what the page was told. */
export function page(port, { token = null, map = new Map(), allowed = async () => true } = {}) {
  const checks = new Set();
  const step = () => checks.forEach((check) => check());
  const storage = careful(memory(map));
  let refs = 0;
  const store = new Store({ kinds });
  const outbox = new Outbox({ storage, newRef: () => `ref-${map.size}-${++refs}`, now: () => 7 });
  const timers = manual();
  const told = [];
  const connection = new Connection({
    url: `ws://127.0.0.1:${port}/ws`, WebSocket: ClientSocket, timers, random: () => 0.5,
    token: () => token, allowed, frames, store, outbox,
    onState: step,
    onPacket(packet, result) {
      told.push({ packet, result });
      step();
    },
  });
  const until = (check) => new Promise((done) => {
    const look = () => check() && checks.delete(look) && done();
    checks.add(look);
    look();
  });
  return { store, outbox, connection, timers, until, told };
}

export async function withNode(options, play) {
  const node = new FakeNode(options);
  try {
    await play(node, await node.listen());
  } finally {
    await node.close();
  }
}
