// Keeps the page's own files, so that it opens while the node is away, and says so. Never a
// message: nothing is kept but the files that the page's document names, and those named here.

'use strict';

const CACHE = 'roda-shell';
/** What the page uses and its document does not name. */
const MORE = [
  '/', '/icons/192.png', '/lang/en.json', '/lang/pt-BR.json',
  '/vendor/emoji/en.json', '/vendor/emoji/pt.json', '/vendor/figtree/latin-ext.woff2',
  '/vendor/figtree/latin.woff2', '/vendor/lucide/icons.svg',
];
/** Where the page's files are. Icons but for one are the system's, once it is installed. */
const OURS = /^\/(?:|app\.webmanifest|icon\.svg|icons\/192\.png|(?:css|js|lang|vendor)\/[\w./-]+)$/;

/** All that the page uses: scripts, styles and the rest that its document names, and more. */
function shell(html) {
  const named = [...html.matchAll(/\s(?:href|src)="(\/[\w./-]+)"/g)].map(([, path]) => path);
  return new Set([...MORE, ...named.filter((path) => OURS.test(path))]);
}

/** Keeps what this document names and is not kept yet; lets go what it does not name. */
async function renew(cache, html) {
  const missing = shell(html);
  for (const request of await cache.keys()) {
    const known = missing.delete(new URL(request.url).pathname);
    if (!known) await cache.delete(request);
  }
  await cache.addAll([...missing]);
}

self.addEventListener('install', (event) => {
  event.waitUntil((async () => {
    const cache = await caches.open(CACHE);
    const document = await fetch('/');
    await cache.addAll([...shell(await document.text())]);
    await self.skipWaiting();
  })());
});

self.addEventListener('activate', (event) => {
  event.waitUntil((async () => {
    const cache = await caches.open(CACHE);
    const document = await cache.match('/');
    await renew(cache, await document.text());
    await self.clients.claim();
  })());
});

// The node is asked first: while it runs, the page is the node's own and never an old one.
self.addEventListener('fetch', (event) => {
  const { pathname, origin } = new URL(event.request.url);
  const ours = origin === self.location.origin && OURS.test(pathname);
  if (event.request.method !== 'GET' || !ours) return;
  const answered = (async () => {
    const cache = await caches.open(CACHE);
    try {
      const answer = await fetch(event.request);
      if (answer.ok) await cache.put(pathname, answer.clone());
      return answer;
    } catch (error) {
      const kept = await cache.match(pathname);
      if (kept) return kept;
      throw error;
    }
  })();
  event.respondWith(answered);
  if (pathname !== '/') return;
  event.waitUntil((async () => {
    await answered;
    const cache = await caches.open(CACHE);
    const document = await cache.match('/');
    // Without its node nothing can be brought.
    await renew(cache, await document.text()).catch(() => {});
  })());
});
