// The page's state: messages, members, receipts, what is being sent. Knows no DOM and no socket.

import { compare, merge } from "./timeline.js";

/** An empty state. */
export function createStore() {
  return {
    me: null,
    name: "",
    circle: "",
    epoch: null,
    arrival: 0,
    version: "",
    rows: [],
    byId: new Map(),
    more: false,
    members: new Map(),
    receipts: new Map(),
    delivered: {},
    read: {},
    final: 0,
    outbox: new Map(),
    catchingUp: null,
    store: "ok",
    readReceipts: true,
    left: false,
    typing: new Map(),
  };
}

/** Takes `welcome`. Another epoch than before means other arrival numbers: all rows go. */
export function applyWelcome(state, welcome) {
  if (state.epoch !== welcome.epoch) {
    state.rows = [];
    state.byId.clear();
    state.arrival = welcome.arrival;
  }
  state.epoch = welcome.epoch;
  state.me = welcome.me;
  state.name = welcome.name;
  state.version = welcome.version;
  state.readReceipts = welcome.read_receipts;
  state.left = welcome.left === true;
  state.catchingUp = welcome.catching_up ?? null;
  state.store = welcome.store;
  applyMembers(state, welcome);
  applyReceipts(state, welcome.receipts);
  if (state.rows.length === 0) state.more = welcome.more;
  return applyMessages(state, welcome.messages);
}

/** Takes new or changed messages; answers what is new, and how many of that belong above others. */
export function applyMessages(state, messages) {
  const last = state.rows[state.rows.length - 1];
  const fresh = [];
  for (const message of messages) {
    const held = state.byId.get(message.id);
    if (held) Object.assign(held, message);
    else {
      state.byId.set(message.id, message);
      fresh.push(message);
    }
    if (message.arrival > state.arrival) state.arrival = message.arrival;
    if (message.author !== state.me) state.typing.delete(message.author);
  }
  fresh.sort(compare);
  merge(state.rows, fresh);
  const late = last ? fresh.filter((m) => compare(m, last) < 0 && m.author !== state.me) : [];
  return { fresh, late };
}

/** Takes a page of older messages. */
export function applyPage(state, page) {
  if (page.before !== undefined) state.more = page.more;
  return applyMessages(state, page.messages);
}

/** Takes the members and the circle's name. */
export function applyMembers(state, message) {
  if (typeof message.circle === "string") state.circle = message.circle;
  state.members = new Map(message.members.map((member) => [member.id, member]));
  const me = state.members.get(state.me);
  if (me) state.name = me.name || state.name;
}

/** Takes receipts and marks: only what changed need be named. Marks never go back. */
export function applyReceipts(state, receipts) {
  for (const [id, receipt] of Object.entries(receipts.members ?? {})) {
    const held = state.receipts.get(id) ?? { stored: {}, read: {} };
    Object.assign(held.stored, receipt.stored);
    Object.assign(held.read, receipt.read);
    state.receipts.set(id, held);
  }
  for (const mark of ["delivered", "read"]) {
    for (const [id, seq] of Object.entries(receipts[mark] ?? {})) {
      state[mark][id] = Math.max(state[mark][id] ?? 0, seq);
    }
  }
  state.final = Math.max(state.final, receipts.final ?? 0);
}

/** Queues a text under a fresh reference, which makes sending it again harmless. */
export function queue(state, ref, text, at) {
  const sending = { ref, text, at, failed: null };
  state.outbox.set(ref, sending);
  return sending;
}

/** The node has committed it. */
export function applySent(state, sent) {
  state.outbox.delete(sent.ref);
  return applyMessages(state, [sent.message]);
}

/** The node refused it; the text stays. */
export function applyError(state, error) {
  const sending = state.outbox.get(error.ref);
  if (sending) sending.failed = error.message;
  return sending !== undefined;
}

const before = (since, message) => {
  if (!since) return false;
  const dot = since.indexOf(".");
  return (
    compare({ lamport: Number(since.slice(0, dot)), author: since.slice(dot + 1) }, message) < 0
  );
};

/** Who counts for a message, who of them holds it, who has read it, and what is promised. */
export function marks(state, message) {
  const counted = [...state.members.values()].filter(
    (member) =>
      member.id !== message.author &&
      !member.left &&
      !member.aside &&
      member.disputed == null &&
      before(member.since, message),
  );
  const reached = (map) =>
    counted.filter((m) => (state.receipts.get(m.id)?.[map][message.author] ?? 0) >= message.seq);
  const stored = reached("stored");
  const read = reached("read");
  const at = (mark) => (state[mark][message.author] ?? 0) >= message.seq;
  const state_ =
    counted.length === 0 ? "alone" : at("read") ? "read" : at("delivered") ? "delivered" : "kept";
  return { of: counted.length, stored: stored.length, read: read.length, state: state_ };
}

/** Whether two versions exist of what this message says. */
export function disputed(state, message) {
  const from = state.members.get(message.author)?.disputed;
  return from != null && message.seq >= from;
}
