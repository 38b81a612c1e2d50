// How it stands between the page, its node and the circle: one line that is there when it matters.

import { put } from './el.js';

/** A trouble is shown only once it lasts this long (ms); a short one heals unseen. */
const TROUBLE_MS = 2_000;
const AT_ONCE = new Set(['store-failing', 'catching-up']);
const SOON = new Set(['connecting', 'reconnecting', 'stopped', 'gathering']);

/** The one state that matters most, its words' values, and its words where they differ. */
export function stateOf(connection, met, store) {
  if (connection.state === 'login') return ['login', {}];
  if (connection.state !== 'online') {
    if (connection.nodeStopped) return ['stopped', {}];
    return [met ? 'reconnecting' : 'connecting', {}];
  }
  if (store.storeState !== 'ok') {
    return ['store-failing', { why: store.storeState.replace(/^failing:\s*/, '') }];
  }
  if (store.catchingUp) {
    const { held, of } = store.catchingUp;
    // Before a peer's first vector there is nothing to count.
    return ['catching-up', { held, of }, of > held ? 'catching-up' : 'gathering'];
  }
  return ['online', {}];
}

export class Banner {
  constructor({ part, store, lang }) {
    Object.assign(this, { part, store, lang, timer: null });
  }

  /** Shows the state of now. */
  renew(connection, met) {
    const { part, store, lang } = this;
    const [name, values, words = name] = stateOf(connection, met, store);
    put(part.stateWords, lang.t(`state.${words}`, values));
    part.progress.hidden = words !== 'catching-up';
    if (!part.progress.hidden) {
      part.progress.max = values.of;
      part.progress.value = values.held;
    }
    if (this.words === words) return;
    this.words = words;
    part.state.dataset.state = name;
    part.logo.classList.toggle('turning', name === 'connecting' || name === 'reconnecting');
    clearTimeout(this.timer);
    part.state.classList.toggle('shown', AT_ONCE.has(words));
    if (SOON.has(words)) {
      this.timer = setTimeout(() => part.state.classList.add('shown'), TROUBLE_MS);
    }
  }
}
