// The page's link to its node, as a state machine. Time, chance and WebSocket are given from
// outside. States: connecting, online, waiting (for the next attempt), login, stopped.

/** @import { FromNode, ToNode, Welcome } from '../../../types/frames' */
/** @import { Frame, Outbox, Store, TimerId, Timers, Wanted } from '../../../types/page' */

/** Shortest and longest wait before an attempt (ms). */
export const WAIT_MIN_MS = 250;
export const WAIT_MAX_MS = 10_000;
/** A node that says nothing this long after the socket opened is tried anew (ms). */
export const WELCOME_MS = 10_000;

/**
 * Full jitter: anywhere from the shortest wait to a ceiling that doubles with each failure.
 * @param {number} failures
 * @param {() => number} random
 */
export function wait(failures, random) {
  const ceiling = Math.min(WAIT_MAX_MS, WAIT_MIN_MS * 2 ** (failures + 1));
  return WAIT_MIN_MS + random() * (ceiling - WAIT_MIN_MS);
}

/** Close code of a node that stops (RFC 6455, 7.4.1). */
const GOING_AWAY = 1001;

/** @typedef {'stopped' | 'connecting' | 'online' | 'waiting' | 'login'} ConnectionState */

export class Connection {
  /**
   * `token()` is the node's token or null; `allowed()` asks over HTTP whether the node would take
   * it (resolves false only for a refusal); `frames` are those that it knows, as in
   * frames/index.js; `store` and `outbox` are kept up to date; `onState(state)` and
   * `onPacket(packet, result)` are told after that.
   * @param {{
   *   url: string, WebSocket: typeof globalThis.WebSocket, timers: Timers, random: () => number,
   *   token: () => string | null, allowed: () => Promise<boolean>, frames: Map<string, Frame>,
   *   store: Store, outbox: Outbox, onState: (state: ConnectionState) => void,
   *   onPacket: (packet: FromNode, result: unknown) => void,
   * }} parts
   */
  constructor({
    url, WebSocket, timers, random, token, allowed, frames, store, outbox, onState, onPacket,
  }) {
    this.url = url;
    this.WebSocket = WebSocket;
    this.timers = timers;
    this.random = random;
    this.token = token;
    this.allowed = allowed;
    this.frames = frames;
    this.store = store;
    this.outbox = outbox;
    this.onState = onState;
    this.onPacket = onPacket;
    /** @type {ConnectionState} */
    this.state = 'stopped';
    this.failures = 0;
    /** @type {WebSocket | null} */
    this.socket = null;
    /** @type {TimerId} */
    this.timer = null;
    this.attempt = 0;
    this.doubtful = false;
    this.nodeStopped = false;
    this.full = false;
  }

  /** Connects now, whatever wait is under way; for the start, a new token, `online`, a look. */
  async start() {
    if (this.state === 'online' || this.state === 'connecting') return;
    this.timers.clear(this.timer);
    const attempt = ++this.attempt;
    this.#enter('connecting');
    if ((!this.token() || this.doubtful) && !(await this.allowed())) {
      if (attempt === this.attempt) this.#enter('login');
      return;
    }
    if (attempt === this.attempt) this.#open();
  }

  /** As `start`, only while waiting: a hint that the way may be free. */
  hurry() {
    if (this.state === 'waiting') this.start();
  }

  /** @param {ConnectionState} state */
  #enter(state) {
    this.state = state;
    this.onState(state);
  }

  #open() {
    const socket = new this.WebSocket(this.url);
    this.socket = socket;
    /** @type {<E>(handler: (event: E) => void) => (event: E) => void} */
    const mine = (handler) => (event) => {
      if (this.socket === socket) handler(event);
    };
    socket.onopen = mine(() => {
      const token = this.token();
      if (token) this.#write({ type: 'auth', token });
      this.timers.clear(this.timer);
      this.timer = this.timers.set(() => this.#lost(), WELCOME_MS);
    });
    socket.onmessage = mine((event) => this.#received(JSON.parse(event.data)));
    socket.onclose = mine((event) => {
      if (event?.code === GOING_AWAY) this.nodeStopped = true;
      this.#lost();
    });
    socket.onerror = () => {};
  }

  #lost() {
    const { socket } = this;
    this.socket = null;
    this.timers.clear(this.timer);
    if (this.state === 'connecting') this.doubtful = true;
    socket?.close();
    this.store.linkLost();
    if (this.state === 'login') return;
    this.timer = this.timers.set(() => this.start(), wait(this.failures++, this.random));
    this.#enter('waiting');
  }

  /** @param {ToNode} packet */
  #write(packet) {
    this.socket?.send(JSON.stringify(packet));
  }

  /** @param {FromNode} packet */
  #received(packet) {
    if ('store' in packet && packet.store) this.store.storeState = packet.store;
    const result = this.frames.get(packet.type)?.take?.(packet, this);
    this.onPacket(packet, result);
  }

  /**
   * The node has let this page in. Returns true where the page goes on from where it was.
   * @param {Welcome} packet
   */
  welcomed(packet) {
    this.timers.clear(this.timer);
    this.failures = 0;
    this.doubtful = false;
    this.nodeStopped = this.full = false;
    const resumes = this.store.welcome(packet);
    // Who resumes is told what was missed: until then it stands where it waits.
    if (resumes) this.#write({ type: 'resume', epoch: packet.epoch, arrival: this.store.cursor });
    else this.outbox.settle(packet.messages);
    for (const { text, ref } of this.outbox.waiting(packet.epoch)) {
      this.#write({ type: 'send', text, ref });
    }
    this.#enter('online');
    if (this.store.history.wish) this.ask(this.store.history.wish);
    this.tellRead();
    return resumes;
  }

  /** The node wants another token. */
  refused() {
    this.#enter('login');
    this.socket?.close();
  }

  /**
   * Keeps a text, sends it when it can.
   * @param {string} text
   */
  send(text) {
    const entry = this.outbox.add(text, this.store.epoch);
    if (this.state === 'online') this.#write({ type: 'send', text, ref: entry.ref });
    return entry;
  }

  /**
   * Sends a refused text again, under the same reference.
   * @param {string} ref
   */
  retry(ref) {
    const entry = this.outbox.retry(ref, this.store.epoch);
    if (entry && this.state === 'online') this.#write({ type: 'send', text: entry.text, ref });
  }

  /**
   * Asks for messages that are not held, as `History.ask`; false where nothing was asked.
   * @param {Wanted} wanted
   */
  ask(wanted) {
    if (this.state !== 'online') {
      this.store.history.want(wanted);
      return false;
    }
    const question = this.store.history.ask(wanted);
    if (question) this.#write(question);
    return Boolean(question);
  }

  /** Says how far the reader has seen; later, where there is no link now. */
  tellRead() {
    const { reading } = this.store;
    if (this.state !== 'online' || reading.untold.size === 0) return;
    this.#write({ type: 'read', marks: reading.tell() });
  }

  typing() {
    if (this.state === 'online') this.#write({ type: 'typing' });
  }
}
