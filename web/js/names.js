// Names that look alike. No DOM.

/** Letters of other scripts, and digits, that a reader takes for Latin ones (Unicode TR 39). */
const ALIKE = {
  а: 'a', е: 'e', о: 'o', р: 'p', с: 'c', у: 'y', х: 'x', і: 'i', ј: 'j', ѕ: 's', к: 'k', м: 'm',
  т: 't', в: 'b', н: 'h', ԁ: 'd', ԛ: 'q', ѡ: 'w', α: 'a', ο: 'o', ρ: 'p', ν: 'v', ε: 'e', ι: 'i',
  κ: 'k', τ: 't', υ: 'u', χ: 'x', β: 'b', η: 'n', ı: 'i', ɑ: 'a', 0: 'o', 5: 's',
};

const bare = (name) => (name ?? '').normalize('NFKD').replace(/[\p{M}\p{Cf}\p{Z}\p{P}]/gu, '');

/**
 * What the eye keeps of a name, in two ways: without regard to case, and with it, where a capital
 * I, an l, a 1 and a bar are one. (Both at once would make Iara and Lara the same.)
 */
export function skeletons(name) {
  const lower = bare(name).toLowerCase();
  const letters = Array.from(lower, (letter) => ALIKE[letter] ?? letter);
  const straight = bare(name).replace(/[I1|ІΙӀ]/g, 'l').replace(/0/g, 'O');
  return [`any ${letters.join('').replaceAll('rn', 'm')}`, `case ${straight}`];
}

/**
 * Members whose name could be taken for one that another key had before: id → id of the earlier.
 * Those that have left count too: their name must not come back unseen. Members come in the order
 * in which they joined.
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
