// The node's HTTP interface, and the token it asks for.

/** @import { Id } from '../../../types/frames' */
/** @import { Language, Pages, SafeStorage } from '../../../types/page' */
/** @typedef {{ token: string | null }} HasToken */

const KEY = 'roda.token';

/**
 * Takes the token from a link's fragment (`/#token=…`) or from storage. The fragment is cleared so
 * that the token stays out of the history; never a cookie: those are shared by every port.
 */
export class Access {
  /**
   * @param {{
   *   storage: SafeStorage, location: Pick<Location, 'hash' | 'pathname' | 'search'>,
   *   history: Pick<History, 'replaceState'>,
   * }} parts
   */
  constructor({ storage, location, history }) {
    this.storage = storage;
    /** @type {string | null} */
    this.held = null;
    const found = tokenIn(location.hash);
    if (!found) return;
    this.take(found);
    history.replaceState(null, '', location.pathname + location.search);
  }

  get token() {
    return this.storage.get(KEY) ?? this.held;
  }

  /**
   * Keeps a token; a whole link is understood too.
   * @param {string} text
   */
  take(text) {
    this.held = tokenIn(text) ?? text.trim();
    this.storage.set(KEY, this.held);
  }
}

/** @param {string} text */
function tokenIn(text) {
  return /[#&]token=([^&\s]+)/.exec(text)?.[1] ?? null;
}

/** What was not done: `code` as the node has it, or `away` where no node answered. */
export class Refusal extends Error {
  /**
   * @param {string | number} code
   * @param {string} message
   */
  constructor(code, message) {
    super(message);
    this.code = code;
  }
}

/**
 * In the reader's language where the code is known, else in the node's words.
 * @param {unknown} why
 * @param {Pick<Language, 't' | 'has'>} lang
 */
export function reason(why, { t, has }) {
  const { code, message } = /** @type {Refusal} */ (why);
  return has(`error.${code}`) ? t(`error.${code}`) : t('failed', { why: message });
}

export class Api {
  /** @param {{ fetch: typeof globalThis.fetch, access: HasToken }} parts */
  constructor({ fetch, access }) {
    this.fetch = fetch;
    this.access = access;
  }

  /**
   * Resolves to the body; rejects with a `Refusal`.
   * @param {string} method
   * @param {string} path
   * @param {object} [body]
   * @returns {Promise<any>}
   */
  async call(method, path, body) {
    /** @type {Record<string, string>} */
    const headers = {};
    if (this.access.token) headers.Authorization = `Bearer ${this.access.token}`;
    if (body) headers['Content-Type'] = 'application/json';
    const away = () => {
      throw new Refusal('away', 'the node does not answer');
    };
    const answer = await this.fetch(path, {
      method, headers, body: body ? JSON.stringify(body) : undefined,
      credentials: 'omit', cache: 'no-store',
    }).catch(away);
    // An answer that breaks off is none.
    if (answer.ok) return answer.json().catch(away);
    const { error } = await answer.json().catch(() => ({}));
    throw new Refusal(error?.code ?? answer.status, error?.message ?? `${answer.status}`);
  }

  /** False only where the node refuses the token; a node that is away refuses nothing. */
  async allowed() {
    /** @type {Record<string, string>} */
    const headers = this.access.token ? { Authorization: `Bearer ${this.access.token}` } : {};
    try {
      const answer = await this.fetch('/api/status', { headers, credentials: 'omit' });
      return answer.status !== 401;
    } catch {
      return true;
    }
  }

  /**
   * `{link, svg}`: for somebody new.
   * @returns {Promise<{ link: string, svg: string }>}
   */
  async invite() {
    const said = await this.call('GET', '/api/invite');
    return { link: said.link, svg: said.qr };
  }

  /**
   * A page of the conversation after a place: `{messages, more}`.
   * @param {{ after: string, limit: number }} part
   * @returns {ReturnType<Pages['page']>}
   */
  page({ after, limit }) {
    return this.call('GET', `/api/messages?after=${after}&limit=${limit}`);
  }

  /** Goodbye for good. */
  leave() {
    return this.call('POST', '/api/leave');
  }

  /** @param {{ name?: string, read_receipts?: boolean }} change */
  setMe(change) {
    return this.call('PUT', '/api/me', change);
  }

  /** @param {string} name */
  setCircle(name) {
    return this.call('PUT', '/api/circle', { name });
  }

  /**
   * Stops waiting for a member, or waits for it again.
   * @param {Id} id
   * @param {boolean} aside
   */
  setAside(id, aside) {
    return this.call('POST', `/api/members/${id}/aside`, { aside });
  }
}
