import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";

import { applySent, applyWelcome, createStore, queue } from "../../web/js/store.js";
import { BACKOFF_MAX_MS, BACKOFF_MIN_MS, backoff, connect } from "../../web/js/ws.js";

/** A world whose sockets and timers the test drives. */
function fakeWorld() {
  const world = {
    sockets: [],
    timers: [],
    open() {
      const socket = { sent: [], send: (text) => socket.sent.push(JSON.parse(text)) };
      world.sockets.push(socket);
      return socket;
    },
    later: (ms, action) => world.timers.push({ ms, action }) - 1,
    cancel: (timer) => (world.timers[timer].action = () => {}),
    random: () => 0.5,
  };
  return world;
}

const welcome = (arrival) => ({
  type: "welcome",
  epoch: "e",
  arrival,
  me: "aa",
  name: "",
  circle: "",
  members: [],
  receipts: {},
  messages: [],
  more: false,
  store: "ok",
  read_receipts: true,
});

function connected() {
  const world = fakeWorld();
  const state = createStore();
  const statuses = [];
  const link = connect({
    url: "ws://x/ws",
    token: "secret",
    state,
    world,
    on: {
      status: (word) => statuses.push(word),
      message: (m) => m.type === "welcome" && applyWelcome(state, m),
    },
  });
  const open = (arrival) => {
    const socket = world.sockets.at(-1);
    socket.onopen();
    socket.onmessage({ data: JSON.stringify(welcome(arrival)) });
    return socket;
  };
  return { world, state, statuses, link, open };
}

test("it logs in first and resumes from the last arrival", () => {
  const { world, state, open } = connected();
  open(7);
  assert.equal(world.sockets[0].sent[0].token, "secret");
  state.arrival = 7;
  world.sockets[0].onclose({});
  world.timers.at(-1).action();
  const again = open(12);
  assert.deepEqual(again.sent[1], { type: "resume", epoch: "e", arrival: 7 });
});

test("what was not answered is sent again under the same reference, once answered no more", () => {
  const { world, state, link, open } = connected();
  open(0);
  link.transmit(queue(state, "r1", "oi", 0));
  world.sockets[0].onclose({});
  world.timers.at(-1).action();
  const second = open(0);
  assert.deepEqual(
    second.sent.filter((m) => m.type === "send"),
    [{ type: "send", text: "oi", ref: "r1" }],
  );
  applySent(state, {
    ref: "r1",
    message: { id: "aa:1", author: "aa", seq: 1, lamport: 1, arrival: 1 },
  });
  second.onclose({});
  world.timers.at(-1).action();
  assert.equal(open(1).sent.filter((m) => m.type === "send").length, 0);
});

test("a text written while away is sent once connected", () => {
  const { state, link, open } = connected();
  link.transmit(queue(state, "r1", "oi", 0));
  assert.equal(open(0).sent.filter((m) => m.type === "send").length, 1);
});

test("a refused token asks for another and does not try again by itself", () => {
  const { world, statuses, link } = connected();
  world.sockets[0].onopen();
  world.sockets[0].onmessage({ data: '{"type":"error","code":"unauthorized","message":"x"}' });
  world.sockets[0].onclose({});
  assert.equal(statuses.at(-1), "login");
  assert.equal(world.timers.length, 0);
  link.login("better");
  world.sockets[1].onopen();
  assert.equal(world.sockets[1].sent[0].token, "better");
});

test("the wait before connecting again stays in its bounds and grows", () => {
  for (let attempt = 0; attempt < 40; attempt++) {
    for (const random of [0, 0.5, 0.999]) {
      const wait = backoff(attempt, () => random);
      assert.ok(wait >= BACKOFF_MIN_MS && wait <= BACKOFF_MAX_MS);
    }
  }
  assert.ok(backoff(5, () => 0.9) > backoff(1, () => 0.9));
});

test("both languages have the same words", () => {
  const read = (name) =>
    JSON.parse(readFileSync(new URL(`../../web/lang/${name}.json`, import.meta.url)));
  const [en, pt] = [read("en"), read("pt-BR")];
  assert.deepEqual(Object.keys(en).sort(), Object.keys(pt).sort());
  for (const key of Object.keys(en)) {
    const names = (text) => [...text.matchAll(/\{(\w+)\}/g)].map((m) => m[1]).sort();
    assert.deepEqual(names(en[key]), names(pt[key]), key);
  }
});
