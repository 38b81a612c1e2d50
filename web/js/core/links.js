// Web addresses in running text: where one begins, and where it ends. No DOM.

/** What ends an address wherever it stands: brackets, quotes and stops that no address has. */
const OUT = String.raw`\s<>"|\x60‘’“”„‟«»‹›「」『』《》〈〉【】〔〕（）［］｛｝，、；：？！…—`;
/** Stops that a browser takes for dots in a host's name; elsewhere they end an address too. */
const DOTS = '。．｡';
const ADDRESS = new RegExp(String.raw`^(https?:\/\/|www\.)(?=[\p{L}\p{N}[])` +
  `(?:[^${OUT}${DOTS}/?#]|[${DOTS}](?=[a-z0-9]))+(?:[/?#][^${OUT}${DOTS}]*)?`, 'iu');
const MAIL = /^[\w.+-]{1,64}@[a-z0-9-]+(?:\.[a-z0-9-]*[a-z0-9])+(?![\w-])/i;
const BEGIN = /https?:\/\/|(?<![\p{L}\p{N}@./-])www\.|(?<![\w.+-])[\w.+-]{1,64}@/giu;
/** Punctuation at an address's end that belongs to the text around it. */
const AFTER = /[\p{P}~]/u;
const WITHIN = new Set('/#%&@_-\\');
/** @type {Record<string, string>} */
const OPENING = { ')': '(', ']': '[', '}': '{' };

/**
 * The address that a text begins with; empty where it begins with none.
 * @param {string} text
 */
export function addressAt(text) {
  const [whole, scheme] = ADDRESS.exec(text) ?? [''];
  /** @type {Record<string, number>} */
  const counts = {};
  for (const letter of whole) counts[letter] = (counts[letter] ?? 0) + 1;
  const letters = Array.from(whole);
  for (;;) {
    const last = letters.at(-1);
    if (last === undefined || WITHIN.has(last) || !AFTER.test(last)) break;
    // A bracket belongs to the address that opened it.
    if (OPENING[last] && counts[last] <= (counts[OPENING[last]] ?? 0)) break;
    counts[last] -= 1;
    letters.pop();
  }
  const address = letters.join('');
  return address.length > (scheme?.length ?? 0) ? address : '';
}

/**
 * Where an address as it is written leads.
 * @param {string} address
 */
export function target(address) {
  if (/^www\./i.test(address)) return `http://${address}`;
  return /^https?:/i.test(address) ? address : `mailto:${address}`;
}

/**
 * A text in parts: `{address}` for each address in it, strings for what is between.
 * @param {string} text
 * @returns {(string | { address: string })[]}
 */
export function split(text) {
  /** @type {(string | { address: string })[]} */
  const parts = [];
  let done = 0;
  for (const { index } of text.matchAll(BEGIN)) {
    if (index < done) continue;
    const rest = text.slice(index);
    const address = addressAt(rest) || (MAIL.exec(rest)?.[0] ?? '');
    if (address === '') continue;
    parts.push(text.slice(done, index), { address });
    done = index + address.length;
  }
  return [...parts, text.slice(done)].filter((part) => part !== '');
}
