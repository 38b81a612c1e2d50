// The whole conversation as text, page by page. No DOM.

/** Messages asked for at once; the node gives no more. */
const PAGE = 500;

/**
 * Resolves to the file's parts: a message a line as JSON (`jsonl`), or words (`txt`). What arrives
 * meanwhile in places already passed is not in it. `onProgress(count)` is told; `signal` ends it
 * with an AbortError.
 */
export async function collect({ api, format, lang, onProgress, signal }) {
  const write = format === 'jsonl' ? (message) => JSON.stringify(message) : words(lang);
  const parts = [];
  let count = 0;
  let after = `0.${'0'.repeat(64)}`;
  for (;;) {
    signal?.throwIfAborted();
    const { messages, more } = await api.page({ after, limit: PAGE });
    if (messages.length > 0) parts.push(`${messages.map(write).join('\n')}\n`);
    count += messages.length;
    onProgress(count);
    if (!more || messages.length === 0) return parts;
    const last = messages.at(-1);
    after = `${last.lamport}.${last.author}`;
  }
}

function words(lang) {
  return ({ at, name, author, kind, text }) => {
    const who = name || author.slice(0, 8);
    const said = {
      profile: () => lang.t('system.joined', { name: text }),
      circle: () => lang.t('system.circle', { name: who, circle: text }),
      leave: () => lang.t('system.left', { name: who }),
      unreadable: () => `${who}: ${lang.t('kind.unreadable')}`,
      text: () => `${who}: ${text}`,
    }[kind] ?? (() => `${who}: ${lang.t('kind.newer')}`);
    // What goes on on a further line is set in, so that no text poses as another's.
    return `[${lang.stamp(at)}] ${said().replaceAll('\n', '\n    ')}`;
  };
}
