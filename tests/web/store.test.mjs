import assert from "node:assert/strict";
import test from "node:test";

import * as store from "../../web/js/store.js";
import { compare, merge, position, windowAround, WINDOW_MAX } from "../../web/js/timeline.js";

const A = "aa".repeat(32);
const B = "bb".repeat(32);
const message = (author, seq, lamport, more = {}) => ({
  id: `${author}:${seq}`,
  author,
  seq,
  lamport,
  at: lamport * 1000,
  arrived_at: lamport * 1000,
  kind: "text",
  text: `${seq}`,
  name: "",
  arrival: lamport,
  ...more,
});
const member = (id, more = {}) => ({
  id,
  name: id.slice(0, 2),
  since: `1.${id}`,
  disputed: null,
  ...more,
});
const welcome = (more = {}) => ({
  epoch: "e",
  arrival: 0,
  me: A,
  name: "Ana",
  circle: "",
  members: [member(A), member(B)],
  receipts: { members: {}, delivered: {}, read: {}, final: 0 },
  messages: [],
  more: false,
  store: "ok",
  read_receipts: true,
  catching_up: null,
  ...more,
});
const ids = (state) => state.rows.map((row) => row.id.slice(-3).replace(/^\w*:/, ""));

test("late messages stand in their place and are told apart from new ones", () => {
  const state = store.createStore();
  store.applyWelcome(state, welcome({ messages: [message(A, 1, 5), message(B, 2, 9)] }));
  const { fresh, late } = store.applyMessages(state, [message(B, 3, 12), message(B, 1, 7)]);
  assert.deepEqual(
    state.rows.map((row) => row.lamport),
    [5, 7, 9, 12],
  );
  assert.equal(fresh.length, 2);
  assert.deepEqual(
    late.map((row) => row.lamport),
    [7],
  );
});

test("equal counters are ordered by author", () => {
  assert.ok(compare(message(A, 1, 5), message(B, 1, 5)) < 0);
  const rows = [message(A, 1, 5), message(A, 2, 7)];
  assert.equal(position(rows, message(B, 1, 5)), 1);
});

test("any order of arrival gives the same order, without doubles", () => {
  const all = Array.from({ length: 60 }, (_, i) => message(i % 2 ? A : B, i, 1 + (i >> 1)));
  const shuffled = all
    .map((m, i) => [(i * 37) % 60, m])
    .sort((a, b) => a[0] - b[0])
    .map(([, m]) => m);
  const state = store.createStore();
  for (let i = 0; i < 60; i += 7)
    store.applyMessages(
      state,
      shuffled.slice(i, i + 9).map((m) => ({ ...m })),
    );
  assert.deepEqual(
    ids(state),
    all.toSorted(compare).map((m) => String(m.seq)),
  );
});

test("merging keeps what is sorted sorted", () => {
  const rows = [1, 4, 8].map((l) => message(A, l, l));
  merge(
    rows,
    [0.5, 4.5, 9].map((l) => message(B, l, l)),
  );
  assert.deepEqual(
    rows.map((row) => row.lamport),
    [0.5, 1, 4, 4.5, 8, 9],
  );
});

test("another epoch starts the rows anew, the same one keeps them", () => {
  const state = store.createStore();
  store.applyWelcome(state, welcome({ arrival: 3, messages: [message(A, 1, 5)] }));
  store.applyWelcome(state, welcome({ messages: [message(A, 2, 6)] }));
  assert.equal(state.rows.length, 2);
  store.applyWelcome(state, welcome({ epoch: "f", messages: [message(A, 9, 9)] }));
  assert.equal(state.rows.length, 1);
});

test("a message counts who was there before it, and what they signed", () => {
  const state = store.createStore();
  const C = "cc".repeat(32);
  store.applyWelcome(
    state,
    welcome({ members: [member(A), member(B), member(C, { since: `8.${C}` })] }),
  );
  const early = message(A, 1, 5);
  const later = message(A, 2, 9);
  store.applyMessages(state, [early, later]);
  assert.equal(store.marks(state, early).of, 1);
  assert.equal(store.marks(state, later).of, 2);
  store.applyReceipts(state, {
    members: { [B]: { stored: { [A]: 2 }, read: {}, clock: 9 } },
    delivered: { [A]: 1 },
  });
  assert.deepEqual(store.marks(state, early), { of: 1, stored: 1, read: 0, state: "delivered" });
  assert.deepEqual(store.marks(state, later), { of: 2, stored: 1, read: 0, state: "kept" });
});

test("a mark never goes back", () => {
  const state = store.createStore();
  store.applyReceipts(state, { delivered: { [A]: 7 } });
  store.applyReceipts(state, { delivered: { [A]: 3 } });
  assert.equal(state.delivered[A], 7);
});

test("who left, was set aside or is disputed is not waited for", () => {
  for (const why of [{ left: true }, { aside: true }, { disputed: 4 }]) {
    const state = store.createStore();
    store.applyWelcome(state, welcome({ members: [member(A), member(B, why)] }));
    assert.equal(store.marks(state, message(A, 1, 5)).state, "alone");
  }
});

test("a refused text stays with its reason, a stored one leaves the outbox", () => {
  const state = store.createStore();
  store.applyWelcome(state, welcome());
  store.queue(state, "r1", "oi", 0);
  store.applyError(state, { ref: "r1", message: "full" });
  assert.equal(state.outbox.get("r1").failed, "full");
  store.applySent(state, { ref: "r1", message: message(A, 1, 5) });
  assert.equal(state.outbox.size, 0);
  assert.equal(state.rows.length, 1);
});

test("the rendered window has its bound and keeps the focus inside", () => {
  for (const [total, focus] of [
    [0, 0],
    [10, 3],
    [100_000, 0],
    [100_000, 50_000],
    [100_000, 100_000],
  ]) {
    const { start, end } = windowAround(total, focus);
    assert.ok(end - start <= WINDOW_MAX && start >= 0 && end <= total);
    assert.ok(total === 0 || (start <= focus && focus <= end));
  }
});
