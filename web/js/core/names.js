// Names that look alike. No DOM.

/** @import { Held } from '../../../types/page' */

/** Letters and digits that a reader takes for Latin ones (Unicode TR 39), by the Latin letter. */
const LATIN = {
  a: 'аαɑᴀ', b: 'вьβʙ', c: 'сϲᴄ', d: 'ԁđᴅ', e: 'еεҽᴇ', f: 'ғƒꜰ', g: 'ɡցɢ', h: 'һнհħʜ', i: 'іιıɩɪ',
  j: 'јϳᴊ', k: 'кκᴋ', l: 'łӏʟ', m: 'мᴍ', n: 'пηոɴ', o: 'оοօσøᴏ0', p: 'рρᴘ', q: 'ԛզ', r: 'гʀ',
  s: 'ѕꜱ5', t: 'тτᴛ', u: 'υսцᴜ', v: 'νѵᴠ', w: 'ѡԝωᴡ', x: 'хχ', y: 'уүγʏ', z: 'ᴢ',
  // Capitals that look like another letter than their small ones, or have none.
  A: 'ΑАᎪ', B: 'ΒВᏴ', C: 'СᏟ', D: 'Ꭰ', E: 'ΕЕᎬ', G: 'Ԍ', H: 'ΗНᎻ', I: 'ΙІӀ', J: 'ЈᎫ', K: 'ΚКᏦ',
  L: 'Ꮮ', M: 'ΜМᎷ', N: 'Ν', O: 'ΟОՕ', P: 'ΡРᏢ', R: 'Ꭱ', S: 'ЅՏᏚ', T: 'ΤТᎢ', U: 'Ս', V: 'ѴᏙ',
  W: 'ԜᎳ', X: 'ΧХ', Y: 'ΥҮ', Z: 'ΖᏃ',
};
const pairs = Object.entries(LATIN).flatMap(([latin, others]) =>
  Array.from(others, (other) => [other, latin]));
const capitals = pairs.map(([other, latin]) => [other.toUpperCase(), latin.toUpperCase()]);
/** @type {Map<string, string>} */
const ALIKE = new Map();
for (const [other, latin] of [...capitals, ...pairs]) ALIKE.set(other, latin);

/** What is not seen, marks, and what stands beside letters without being one. */
const UNSEEN = /[\p{M}\p{C}\p{Z}\p{P}\p{Sk}\p{Default_Ignorable_Code_Point}\u2800]/gu;
/** @param {string | undefined} name */
const bare = (name) => (name ?? '').normalize('NFKD').replace(UNSEEN, '');

/**
 * What the eye keeps of a name, in two ways: without regard to case, and with it, where a capital
 * I, an l, a 1 and a bar are one. (Both at once would make Iara and Lara the same.)
 * @param {string | undefined} name
 */
export function skeletons(name) {
  const kept = bare(name);
  const latin = Array.from(kept, (letter) => ALIKE.get(letter) ?? letter).join('');
  /** @param {string} text */
  const joined = (text) => text.replaceAll('rn', 'm').replaceAll('vv', 'w');
  const straight = joined(latin).replace(/[I1|]/g, 'l');
  return [`any ${joined(latin.toLowerCase())}`, `case ${straight}`];
}

/**
 * Members whose name could be taken for one that another key had before: id → id of the earlier.
 * Those that have left count too: their name must not come back unseen. Members come in the order
 * in which they joined.
 * @param {Pick<Held, 'id' | 'name'>[]} members
 * @returns {Map<string, string>}
 */
export function lookAlikes(members) {
  const first = new Map();
  const found = new Map();
  for (const member of members.filter((one) => bare(one.name))) {
    const keys = skeletons(member.name);
    const held = keys.map((key) => first.get(key)).find(Boolean);
    if (held) found.set(member.id, held);
    else for (const key of keys) first.set(key, member.id);
  }
  return found;
}
