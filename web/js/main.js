// Puts the parts together.

import { browserShell } from './app/browser.js';
import { applyLook } from './app/looks.js';
import { View } from './app/view.js';
import { Drafts } from './core/drafts.js';
import { choose, clockLocale, language } from './core/i18n.js';
import { Notifier } from './core/notify.js';
import { careful, Outbox } from './core/outbox.js';
import { Prefs } from './core/prefs.js';
import { Store } from './core/store.js';
import { kinds } from './kinds/index.js';
import { Access, Api } from './net/api.js';
import { Connection } from './net/connection.js';
import { frames } from './net/frames/index.js';

/**
 * A storage of the browser; null where it is switched off.
 * @param {'localStorage' | 'sessionStorage'} name
 */
function browserStorage(name) {
  try {
    return window[name];
  } catch {
    return null;
  }
}

/** A reference that no other page makes; works without a secure context too. */
function newRef() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

const storage = careful(browserStorage('localStorage'));
const session = careful(browserStorage('sessionStorage'));
const access = new Access({ storage, location, history });
const api = new Api({ fetch: (...args) => fetch(...args), access });

const prefs = new Prefs({ storage });
applyLook(prefs, document);
prefs.subscribe(() => applyLook(prefs, document));
window.addEventListener('storage', () => prefs.refresh());

const wished = prefs.get('language');
const tag = choose(wished === 'auto' ? navigator.languages : [String(wished)]);
const texts = await fetch(`/lang/${tag}.json`).then((answer) => answer.json());
document.documentElement.lang = tag;
const lang = language(tag, texts, undefined, clockLocale(tag, navigator.languages[0]));

const store = new Store({ kinds });
const outbox = new Outbox({ storage, newRef, now: Date.now });
const drafts = new Drafts({ storage, session, newRef, now: Date.now });
const notifier = new Notifier({
  prefs, store, lang, shell: browserShell(), onOpen: (message) => view.open(message),
  timers: {
    set: (f, ms) => setTimeout(f, ms), clear: (id) => clearTimeout(id),
    now: () => performance.now(),
  },
});
const channel = window.BroadcastChannel ? new BroadcastChannel('roda') : null;
const connection = new Connection({
  url: `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/ws`,
  WebSocket,
  timers: { set: (f, ms) => setTimeout(f, ms), clear: (id) => clearTimeout(id) },
  random: Math.random,
  token: () => access.token,
  allowed: () => api.allowed(),
  frames,
  store,
  outbox,
  onState: (state) => view.onState(state),
  onPacket: (packet, result) => view.onPacket(packet, result),
});
const view = new View({
  frames, store, outbox, drafts, connection, api, access, lang, storage, prefs, notifier,
  channel,
});
window.addEventListener('online', () => connection.hurry());
window.addEventListener('focus', () => connection.hurry());
document.addEventListener('visibilitychange', () => document.hidden || connection.hurry());
connection.start();

// The shell alone is kept by it, so that the page opens while the node is away. The policy gives
// out this one address and nothing else; browsers without Trusted Types need none.
if (window.isSecureContext && navigator.serviceWorker) {
  /** @type {any} */
  const { trustedTypes } = window;
  const policy = trustedTypes?.createPolicy('roda-sw', { createScriptURL: () => '/sw.js' });
  navigator.serviceWorker.register(policy?.createScriptURL('') ?? '/sw.js').catch(() => {
    // A browser that refuses (a private window may) loses nothing but that.
  });
}
