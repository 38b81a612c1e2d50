// How it stands between the page, its node and the circle: one line that is there when it matters.

import { put } from '../dom/el.js';

/** @import { Language, Parts, Store } from '../../../types/page' */
/** @import { Connection } from '../net/connection.js' */
/** @typedef {[state: string, values: Record<string, string | number>, words?: string]} Standing */

/** A trouble is shown only once it lasts this long (ms); a short one heals unseen. */
const TROUBLE_MS = 2_000;
const AT_ONCE = new Set(['store-failing', 'catching-up', 'full']);
const SOON = new Set(['connecting', 'reconnecting', 'stopped', 'gathering']);
/** Without the node: what it last told of others is not of now. */
const AWAY = new Set(['connecting', 'reconnecting', 'stopped', 'full']);

/**
 * The one state that matters most, its words' values, and its words where they differ.
 * @param {Pick<Connection, 'state' | 'full' | 'nodeStopped' | 'failures'>} connection
 * @param {boolean} met
 * @param {Pick<Store, 'storeState' | 'catchingUp'>} store
 * @returns {Standing}
 */
export function stateOf(connection, met, store) {
  if (connection.state === 'login') return ['login', {}];
  if (connection.state !== 'online') {
    if (connection.full) return ['full', {}];
    if (connection.nodeStopped) return ['stopped', {}];
    return [met || connection.failures > 0 ? 'reconnecting' : 'connecting', {}];
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
  /**
   * `onAway()` is told once the node has been away for so long that it is said.
   * @param {{ part: Parts, store: Store, lang: Language, onAway: () => void }} parts
   */
  constructor({ part, store, lang, onAway }) {
    this.part = part;
    this.store = store;
    this.lang = lang;
    this.onAway = onAway;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined;
    this.words = '';
    this.away = false;
  }

  /**
   * Shows the state of now.
   * @param {Connection} connection
   * @param {boolean} met
   */
  renew(connection, met) {
    const { part, store, lang } = this;
    const [name, values, words = name] = stateOf(connection, met, store);
    put(part.stateWords, lang.t(`state.${words}`, values));
    part.progress.hidden = words !== 'catching-up';
    if (!part.progress.hidden) {
      part.progress.max = Number(values.of);
      part.progress.value = Number(values.held);
    }
    if (this.words === words) return;
    // Another trouble of the same kind is said at once too.
    const still = this.away && AWAY.has(words);
    this.words = words;
    this.away = AWAY.has(words) && (still || AT_ONCE.has(words));
    part.state.dataset.state = name;
    part.logo.classList.toggle('turning', name === 'connecting' || name === 'reconnecting');
    clearTimeout(this.timer);
    part.state.classList.toggle('shown', still || AT_ONCE.has(words));
    if (!SOON.has(words) || still) return;
    this.timer = setTimeout(() => {
      part.state.classList.add('shown');
      this.away = AWAY.has(words);
      if (this.away) this.onAway();
    }, TROUBLE_MS);
  }
}
