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
export async function collect({ api, format, lang, kinds, onProgress, signal }) {
  const write = format === 'jsonl' ? (message) => JSON.stringify(message) : words(lang, kinds);
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

function words(lang, kinds) {
  const called = new Map();
  return (message) => {
    const { at, name, author } = message;
    const kind = kinds.of(message);
    const before = called.get(author);
    const who = name || before || author.slice(0, 8);
    const names = kind.names?.(message);
    if (names) called.set(author, names);
    const said = kind.line?.(message, { t: lang.t, who, before, set: (one) => one }) ??
      `${who}: ${kind.row(message, lang.t).text}`;
    return `[${lang.stamp(at)}] ${setIn(said)}`;
  };
}
