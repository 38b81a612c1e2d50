import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import test from 'node:test';
import vm from 'node:vm';

const WEB = new URL('../../web/', import.meta.url);
const ORIGIN = 'http://localhost:8080';

/** The worker in a world of its own: `fetched(path)` is the node; gives its handlers and cache. */
function worker(fetched) {
  const handlers = {};
  const kept = new Map();
  const path = (request) => new URL(request.url ?? request, ORIGIN).pathname;
  const cache = {
    addAll: async (paths) => paths.forEach((one) => kept.set(one, `kept ${one}`)),
    put: async (request, answer) => kept.set(path(request), answer.body),
    match: async (request) => kept.get(path(request)),
    keys: async () => [...kept.keys()].map((one) => ({ url: ORIGIN + one })),
    delete: async (request) => kept.delete(path(request)),
  };
  const self = {
    location: { origin: ORIGIN }, skipWaiting: async () => {}, clients: { claim: async () => {} },
    addEventListener: (name, handler) => (handlers[name] = handler),
  };
  const fetch = async (request) => fetched(path(request));
  vm.runInNewContext(readFileSync(new URL('sw.js', WEB), 'utf8'),
    { self, caches: { open: async () => cache }, fetch, URL });
  const run = async (name, event = {}) => {
    let answer;
    const keep = (promise) => (answer = promise);
    handlers[name]({ ...event, waitUntil: keep, respondWith: keep });
    return answer;
  };
  const ask = (address, method = 'GET') =>
    run('fetch', { request: { url: new URL(address, ORIGIN).href, method } });
  return { kept, run, ask };
}

const answer = (body) => ({ ok: true, body, clone: () => ({ body }) });

test('the shell is every file that the page uses, and nothing else', async () => {
  const { kept, run } = worker(() => answer(''));
  await run('install');
  const files = readdirSync(WEB, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => `/${relative(WEB.pathname, join(entry.parentPath, entry.name))}`);
  // Icons are the system's once it is installed; the lock and the licences are for people.
  const used = files.filter((path) =>
    !/LICENSE|VENDOR\.lock|^\/sw\.js|^\/icons\/(?!192)/.test(path));
  const shell = [...kept.keys()].map((path) => (path === '/' ? '/index.html' : path));
  assert.deepEqual(shell.sort(), used.sort());
});

test('the node is asked first, and what is kept serves only while it is away', async () => {
  let away = false;
  const { run, ask } = worker((path) => {
    if (away) throw new TypeError('away');
    return answer(`new ${path}`);
  });
  await run('install');
  assert.equal((await ask('/js/main.js')).body, 'new /js/main.js');
  away = true;
  assert.equal(await ask('/js/main.js'), 'new /js/main.js');
  assert.equal(await ask('/'), 'kept /');
});

test('messages, sends and other origins pass the worker by', async () => {
  const { kept, run, ask } = worker((path) => answer(path));
  await run('install');
  const before = kept.size;
  for (const path of ['/api/messages', '/ws', '/healthz', '/api/invite', 'http://evil.example/']) {
    assert.equal(await ask(path), undefined, path);
  }
  assert.equal(await ask('/', 'POST'), undefined);
  assert.equal(kept.size, before);
});

test('what an older version kept and this one does not use is let go', async () => {
  const { kept, run } = worker(() => answer(''));
  await run('install');
  kept.set('/js/old.js', 'old');
  await run('activate');
  assert.ok(!kept.has('/js/old.js') && kept.has('/js/main.js'));
});
