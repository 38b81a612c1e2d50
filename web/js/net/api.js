// The node's HTTP interface, and the token it asks for.

const KEY = 'roda.token';

/**
 * Takes the token from a link's fragment (`/#token=…`) or from storage. The fragment is cleared so
 * that the token stays out of the history; never a cookie: those are shared by every port.
 */
export class Access {
  constructor({ storage, location, history }) {
    this.storage = storage;
    const found = tokenIn(location.hash);
    if (!found) return;
    this.take(found);
    history.replaceState(null, '', location.pathname + location.search);
  }

  get token() {
    return this.storage.get(KEY) ?? this.held ?? null;
  }

  /** Keeps a token; a whole link is understood too. */
  take(text) {
    this.held = tokenIn(text) ?? text.trim();
    this.storage.set(KEY, this.held);
  }
}

function tokenIn(text) {
  return /[#&]token=([^&\s]+)/.exec(text)?.[1] ?? null;
}

/** What was not done: `code` as the node has it, or `away` where no node answered. */
export class Refusal extends Error {
  constructor(code, message) {
    super(message);
    this.code = code;
  }
}

/** In the reader's language where the code is known, else in the node's words. */
export function reason({ code, message }, { t, has }) {
  return has(`error.${code}`) ? t(`error.${code}`) : t('failed', { why: message });
}

export class Api {
  constructor({ fetch, access }) {
    Object.assign(this, { fetch, access });
  }

  /** Resolves to the body; rejects with a `Refusal`. */
  async call(method, path, body) {
    const headers = {};
    if (this.access.token) headers.Authorization = `Bearer ${this.access.token}`;
    if (body) headers['Content-Type'] = 'application/json';
    const away = () => {
      throw new Refusal('away', 'the node does not answer');
    };
    const answer = await this.fetch(path, {
      method, headers, body: body && JSON.stringify(body), credentials: 'omit', cache: 'no-store',
    }).catch(away);
    // An answer that breaks off is none.
    if (answer.ok) return answer.json().catch(away);
    const { error } = await answer.json().catch(() => ({}));
    throw new Refusal(error?.code ?? answer.status, error?.message ?? `${answer.status}`);
  }

  /** False only where the node refuses the token; a node that is away refuses nothing. */
  async allowed() {
    const headers = this.access.token ? { Authorization: `Bearer ${this.access.token}` } : {};
    try {
      const answer = await this.fetch('/api/status', { headers, credentials: 'omit' });
      return answer.status !== 401;
    } catch {
      return true;
    }
  }

  /** `{link, svg}`: for somebody new. */
  async invite() {
    const said = await this.call('GET', '/api/invite');
    return { link: said.link, svg: said.qr };
  }

  /** A page of the conversation after a place: `{messages, more}`. */
  page({ after, limit }) {
    return this.call('GET', `/api/messages?after=${after}&limit=${limit}`);
  }

  /** Goodbye for good. */
  leave() {
    return this.call('POST', '/api/leave');
  }

  setMe(change) {
    return this.call('PUT', '/api/me', change);
  }

  setCircle(name) {
    return this.call('PUT', '/api/circle', { name });
  }

  /** Stops waiting for a member, or waits for it again. */
  setAside(id, aside) {
    return this.call('POST', `/api/members/${id}/aside`, { aside });
  }
}
