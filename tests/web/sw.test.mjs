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
  const keep = (one, body) => kept.set(one, body);
  const cache = {
    addAll: async (paths) => {
      for (const one of paths) keep(one, (await fetched(one)).body);
    },
    put: async (request, answer) => keep(path(request), answer.body),
    match: async (request) => kept.has(path(request)) ? answer(kept.get(path(request))) : undefined,
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
    let answered;
    const all = [];
    const respondWith = (promise) => (answered = promise);
    handlers[name]({ ...event, waitUntil: (promise) => all.push(promise), respondWith });
    await Promise.all(all);
    return answered;
  };
  const ask = (address, method = 'GET') =>
    run('fetch', { request: { url: new URL(address, ORIGIN).href, method } });
  return { kept, run, ask };
}

function answer(body) {
  return { ok: true, body, text: async () => body, clone: () => answer(body) };
}

const files = readdirSync(WEB, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map((entry) => `/${relative(WEB.pathname, join(entry.parentPath, entry.name))}`);
const modules = files.filter((path) => path.startsWith('/js/'))
  .map((path) => `<link rel="modulepreload" href="${path}">`).join('\n');
/** The page's document as a node serves it: see `modules.rs`. */
const page = readFileSync(new URL('index.html', WEB), 'utf8').replace('<!-- modules -->', modules);
/** A node that serves each file as a text with its name, but for the document. */
const node = (path) => answer(path === '/' ? page : `the node's ${path}`);

test('the shell is every file that the page uses, and nothing else', async () => {
  const { kept, run } = worker(node);
  await run('install');
  // Icons are the system's once it is installed; the lock and the licences are for people.
  const used = files.filter((path) =>
    !/LICENSE|VENDOR\.lock|^\/sw\.js|^\/icons\/(?!192)/.test(path));
  const shell = [...kept.keys()].map((path) => (path === '/' ? '/index.html' : path));
  assert.deepEqual(shell.sort(), used.sort());
});

test('the node is asked first, and what is kept serves only while it is away', async () => {
  let [away, version] = [false, 'old'];
  const { run, ask } = worker((path) => {
    if (away) throw new TypeError('away');
    return path === '/' ? answer(page) : answer(`${version} ${path}`);
  });
  await run('install');
  version = 'new';
  assert.equal((await ask('/js/main.js')).body, 'new /js/main.js');
  away = true;
  assert.equal((await ask('/js/main.js')).body, 'new /js/main.js');
  assert.equal((await ask('/js/look.js')).body, 'old /js/look.js');
  assert.equal((await ask('/')).body, page);
});

test('messages, sends and other origins pass the worker by', async () => {
  const { kept, run, ask } = worker(node);
  await run('install');
  const before = kept.size;
  for (const path of ['/api/messages', '/ws', '/healthz', '/api/invite', 'http://evil.example/']) {
    assert.equal(await ask(path), undefined, path);
  }
  assert.equal(await ask('/', 'POST'), undefined);
  assert.equal(kept.size, before);
});

test('what an older version kept and this one does not use is let go', async () => {
  const { kept, run } = worker(node);
  await run('install');
  kept.set('/js/old.js', 'old');
  await run('activate');
  assert.ok(!kept.has('/js/old.js') && kept.has('/js/main.js'));
});

test('a page that names other modules brings the worker to keep those', async () => {
  let named = page;
  const { kept, run, ask } = worker((path) => (path === '/' ? answer(named) : node(path)));
  await run('install');
  named = page.replaceAll('/js/main.js', '/js/newer.js');
  await ask('/');
  assert.ok(!kept.has('/js/main.js'), 'it is let go');
  assert.equal(kept.get('/js/newer.js'), "the node's /js/newer.js");
  assert.equal(kept.get('/'), named);
});
