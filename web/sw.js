// Keeps the page's own files, so that it opens while the node is away, and says so. Never a
// message: nothing is kept but the files named here.

'use strict';

const CACHE = 'roda-shell';
const SHELL = new Set([
  '/', '/app.webmanifest', '/icon.svg', '/icons/192.png',
  '/css/base.css', '/css/composer.css', '/css/dialogs.css', '/css/emoji.css', '/css/font.css',
  '/css/frame.css', '/css/log.css', '/css/people.css', '/css/print.css', '/css/settings.css',
  '/js/announcer.js', '/js/api.js', '/js/around.js', '/js/attention.js', '/js/banner.js',
  '/js/browser.js', '/js/composer.js', '/js/copy.js', '/js/details.js', '/js/dialogs.js',
  '/js/drafts.js', '/js/el.js', '/js/emoji.js', '/js/export.js', '/js/files.js', '/js/frame.js',
  '/js/guard.js', '/js/hands.js', '/js/hints.js', '/js/history.js', '/js/i18n.js', '/js/keys.js',
  '/js/links.js', '/js/log.js', '/js/look.js', '/js/main.js', '/js/markdown.js', '/js/mesh.js',
  '/js/names.js', '/js/notices.js', '/js/notify.js', '/js/outbox.js', '/js/panel.js',
  '/js/people.js', '/js/prefs.js', '/js/reading.js', '/js/receipts.js', '/js/ring.js',
  '/js/row.js', '/js/rows.js', '/js/settings.js', '/js/shown.js', '/js/store.js', '/js/tabs.js',
  '/js/text.js', '/js/timeline.js', '/js/touch.js', '/js/view.js', '/js/ws.js',
  '/lang/en.json', '/lang/pt-BR.json',
  '/vendor/emoji/en.json', '/vendor/emoji/pt.json', '/vendor/figtree/latin-ext.woff2',
  '/vendor/figtree/latin.woff2', '/vendor/lucide/icons.svg', '/vendor/marked/marked.js',
]);

self.addEventListener('install', (event) => {
  event.waitUntil((async () => {
    const cache = await caches.open(CACHE);
    await cache.addAll([...SHELL]);
    await self.skipWaiting();
  })());
});

self.addEventListener('activate', (event) => {
  event.waitUntil((async () => {
    const cache = await caches.open(CACHE);
    for (const request of await cache.keys()) {
      if (!SHELL.has(new URL(request.url).pathname)) await cache.delete(request);
    }
    await self.clients.claim();
  })());
});

// The node is asked first: while it runs, the page is the node's own and never an old one.
self.addEventListener('fetch', (event) => {
  const { pathname, origin } = new URL(event.request.url);
  const ours = origin === self.location.origin && SHELL.has(pathname);
  if (event.request.method !== 'GET' || !ours) return;
  event.respondWith((async () => {
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
  })());
});
