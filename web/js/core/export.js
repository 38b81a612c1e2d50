// The whole conversation as text, page by page. No DOM.

import { guarded } from './guard.js';
import { setIn } from './text.js';

/** @import { Message } from '../../../types/frames' */
/** @import { Language, Pages } from '../../../types/page' */
/** @import { Kinds } from './kinds.js' */

/** Messages asked for at once; the node gives no more. */
const PAGE = 500;

/**
 * Resolves to the file's parts: a message a line as JSON (`jsonl`), or words (`txt`). What arrives
 * meanwhile in places already passed is not in it. `onProgress(count)` is told; `signal` ends it
 * with an AbortError.
 * @param {{
 *   api: Pages, format: string, lang: Language, kinds: Kinds,
 *   onProgress: (count: number) => void, signal?: AbortSignal,
 * }} what
 */
export async function collect({ api, format, lang, kinds, onProgress, signal }) {
  const write = format === 'jsonl' ? JSON.stringify : words(lang, kinds);
  /** @param {Message} message */
  const line = (message) => guarded(`${message.author}:${message.seq}`, () => write(message),
    () => `[${lang.t('time.unknown')}] ${lang.t('kind.broken')}`);
  /** @type {string[]} */
  const parts = [];
  let count = 0;
  let after = `0.${'0'.repeat(64)}`;
  for (;;) {
    signal?.throwIfAborted();
    const { messages, more } = await api.page({ after, limit: PAGE });
    if (messages.length > 0) parts.push(`${messages.map(line).join('\n')}\n`);
    count += messages.length;
    onProgress(count);
    const last = messages.at(-1);
    if (!more || !last) return parts;
    after = `${last.lamport}.${last.author}`;
  }
}

/**
 * @param {Language} lang
 * @param {Kinds} kinds
 * @returns {(message: Message) => string}
 */
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
      `${who}: ${kinds.words(message, lang.t)}`;
    return `[${lang.stamp(at)}] ${setIn(said)}`;
  };
}
