// The whole conversation as text, page by page. No DOM.

import { guarded } from './guard.js';
import { setIn } from './text.js';

/** Messages asked for at once; the node gives no more. */
const PAGE = 500;

/**
 * Resolves to the file's parts: a message a line as JSON (`jsonl`), or words (`txt`). What arrives
 * meanwhile in places already passed is not in it. `onProgress(count)` is told; `signal` ends it
 * with an AbortError.
 */
export async function collect({ api, format, lang, onProgress, signal }) {
  const write = format === 'jsonl' ? (message) => JSON.stringify(message) : words(lang);
  const line = (message) => guarded(`${message.author}:${message.seq}`, () => write(message),
    () => `[${lang.t('time.unknown')}] ${lang.t('kind.broken')}`);
  const parts = [];
  let count = 0;
  let after = `0.${'0'.repeat(64)}`;
  for (;;) {
    signal?.throwIfAborted();
    const { messages, more } = await api.page({ after, limit: PAGE });
    if (messages.length > 0) parts.push(`${messages.map(line).join('\n')}\n`);
    count += messages.length;
    onProgress(count);
    if (!more || messages.length === 0) return parts;
    const last = messages.at(-1);
    after = `${last.lamport}.${last.author}`;
  }
}

function words(lang) {
  const called = new Map();
  return ({ at, name, author, kind, text, seq }) => {
    const who = name || called.get(author) || author.slice(0, 8);
    const before = called.get(author);
    if (kind === 'profile' && text) called.set(author, text);
    const renamed = before ? lang.t('system.renamed', { before, name: text || who })
      : lang.t('system.named', { name: text || who });
    const said = {
      profile: () => (seq === 1 ? lang.t('system.joined', { name: text || who }) : renamed),
      circle: () => lang.t('system.circle', { name: who, circle: text }),
      leave: () => lang.t('system.left', { name: who }),
      unreadable: () => `${who}: ${lang.t('kind.unreadable')}`,
      text: () => `${who}: ${text}`,
    }[kind] ?? (() => `${who}: ${lang.t('kind.newer')}`);
    return `[${lang.stamp(at)}] ${setIn(said())}`;
  };
}
