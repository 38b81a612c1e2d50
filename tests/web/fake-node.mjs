// A node as the page sees it, in memory: serves web/ under the page's CSP and speaks its protocol.
// For tests of the page without a built node.

import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname } from 'node:path';

import { serve } from './socket.mjs';

const WEB = new URL('../../web/', import.meta.url);
const TYPES = {
  '.html': 'text/html; charset=utf-8', '.css': 'text/css', '.js': 'text/javascript',
  '.json': 'application/json', '.svg': 'image/svg+xml', '.woff2': 'font/woff2',
  '.png': 'image/png', '.webmanifest': 'application/manifest+json',
};
const PAGE = 50;

export const id = (letter) => letter.repeat(64);

const csp = (host) => "default-src 'none'; script-src 'self'; style-src 'self'; " +
  "img-src 'self' data: blob:; media-src 'self' blob:; font-src 'self'; " +
  `connect-src 'self' ws://${host}; manifest-src 'self'; worker-src 'self'; base-uri 'none'; ` +
  "form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; " +
  "trusted-types roda-sw";

const before = (a, b) => a.lamport - b.lamport || (a.author < b.author ? -1 : 1);
const placed = (text) => ({ lamport: Number(text.split('.')[0]), author: text.split('.')[1] });

export class FakeNode {
  constructor({ token = null, me = id('a'), members = [], circle = '' } = {}) {
    Object.assign(this, { token, me, members, circle, epoch: 'e1', store: 'ok' });
    this.messages = [];
    this.refs = new Map();
    this.receipts = { members: {}, delivered: {}, read: {}, final: 0 };
    this.catchingUp = null;
    /** Author to the last seq that was read here, as pages have told. */
    this.marks = {};
    /** What is answered to every question about history: a code of the store's. */
    this.unreadable = null;
    this.sockets = new Set();
    this.received = [];
    this.silent = false;
  }

  /** Writes an entry as if it had just been committed; tells the pages. */
  entry({ author, lamport, at = Date.now(), arrived_at = at, kind = 'text', text }) {
    const own = this.messages.filter((one) => one.author === author).length;
    const clock = Math.max(0, ...this.messages.map((one) => one.lamport));
    const message = {
      id: `${author}:${own + 1}`, author, seq: own + 1, lamport: lamport ?? clock + 1, at, kind,
      text, name: this.members.find((one) => one.id === author)?.name ?? '',
      arrival: this.messages.length + 1, arrived_at, of: 0, state: 'kept', final: false,
    };
    this.messages.push(message);
    return message;
  }

  tell(packet) {
    for (const socket of this.sockets) if (socket.welcomed) socket.send(JSON.stringify(packet));
  }

  sorted() {
    return [...this.messages].sort(before);
  }

  /** What of others is not read. */
  unread() {
    const counts = (one) => one.author !== this.me && one.kind === 'text';
    return this.sorted().filter((one) => counts(one) && one.seq > (this.marks[one.author] ?? 0));
  }

  read() {
    const unread = this.unread();
    const behind = {};
    for (const { author, seq } of unread) behind[author] ??= seq - 1;
    const [first] = unread;
    return {
      behind, first: first ? `${first.lamport}.${first.author}` : null, count: unread.length,
      more: false,
    };
  }

  welcome() {
    const sorted = this.sorted();
    return {
      type: 'welcome', version: 'test', epoch: this.epoch, arrival: this.messages.length,
      me: this.me, name: '', circle: this.circle, clock: sorted.at(-1)?.lamport ?? 0,
      members: this.members, read: this.read(), read_receipts: true,
      receipts: this.receipts, messages: sorted.slice(-PAGE), more: sorted.length > PAGE,
      catching_up: this.catchingUp, store: this.store,
    };
  }

  take(packet, socket) {
    this.received.push(packet);
    this.#heard();
    const say = (answer) => socket.send(JSON.stringify(answer));
    if (!socket.welcomed) {
      if (this.token && packet.token !== this.token) return socket.close();
      return this.greet(socket);
    }
    if (packet.type === 'resume') {
      const missed = this.messages.filter((one) => one.arrival > packet.arrival);
      if (missed.length > 0) say({ type: 'messages', messages: missed });
    }
    if (packet.type === 'history') say(this.#history(packet));
    if (packet.type === 'read') Object.assign(this.marks, packet.marks);
    if (packet.type === 'send' && !this.silent) {
      const known = this.refs.get(packet.ref);
      const message = known ?? this.entry({ author: this.me, text: packet.text });
      Object.assign(message, { ref: packet.ref });
      this.refs.set(packet.ref, message);
      if (!known) this.tell({ type: 'messages', messages: [message] });
      say({ type: 'sent', ref: packet.ref, message });
    }
  }

  #history({ before: older, after: newer, limit, ref }) {
    if (this.unreadable) {
      return { type: 'error', ref, code: this.unreadable, message: 'it cannot be read' };
    }
    const [place, sign] = older ? [older, 1] : [newer, -1];
    const beyond = this.sorted().filter((one) => !place || before(one, placed(place)) * sign < 0);
    const messages = newer ? beyond.slice(0, limit) : beyond.slice(-limit);
    const more = beyond.length > limit;
    return { type: 'page', before: older, after: newer, messages, more };
  }

  greet(socket) {
    socket.welcomed = true;
    socket.send(JSON.stringify(this.welcome()));
  }

  #heard() {
    for (const look of [...(this.looks ?? [])]) queueMicrotask(look);
  }

  /** Waits until a frame like this has come from a page. */
  eventually(like) {
    this.looks ??= new Set();
    return new Promise((done) => {
      const look = () => this.received.some(like) && this.looks.delete(look) && done();
      this.looks.add(look);
      look();
    });
  }

  /** Breaks every page's link. */
  cut() {
    for (const socket of this.sockets) socket.close();
  }

  async #answer(req, res) {
    const { pathname } = new URL(req.url, 'http://node');
    const allowed = !this.token || req.headers.authorization === `Bearer ${this.token}`;
    const json = (status, body) => {
      res.writeHead(status, { 'content-type': TYPES['.json'] });
      res.end(JSON.stringify(body));
    };
    if (pathname.startsWith('/api/')) {
      if (!allowed) return json(401, { error: { code: 'unauthorized', message: 'run roda link' } });
      return json(200, pathname === '/api/invite' ? this.invitation : {});
    }
    const path = pathname === '/' ? 'index.html' : pathname.slice(1);
    const file = await readFile(new URL(path, WEB)).catch(() => null);
    if (!file || path.includes('..')) return json(404, { error: { code: 'not_found' } });
    res.writeHead(200, {
      'content-type': TYPES[extname(path)], 'content-security-policy': csp(req.headers.host),
      'x-content-type-options': 'nosniff', 'cache-control': 'no-store',
    });
    res.end(file);
  }

  /** Listens on a free port (or the one given); returns it. */
  async listen(port = 0) {
    this.server = createServer((req, res) => this.#answer(req, res));
    this.server.on('upgrade', (req, raw) => {
      const socket = serve(req, raw, {
        onText: (text) => this.take(JSON.parse(text), socket),
        onEnd: () => this.sockets.delete(socket),
      });
      this.sockets.add(socket);
      if (!this.token) this.greet(socket);
    });
    await new Promise((done) => this.server.listen(port, '127.0.0.1', done));
    return this.server.address().port;
  }

  async close() {
    this.cut();
    this.server.closeAllConnections();
    await new Promise((done) => this.server.close(done));
  }
}
