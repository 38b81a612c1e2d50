// Who is linked with whom. No DOM.

/** @import { Id } from '../../../types/frames' */
/** @import { Held } from '../../../types/page' */

/** Members drawn at most; a node keeps at most so many links. */
export const DRAWN_MAX = 64;

/**
 * Whether a member can be heard now, directly or through others.
 * @param {Pick<Held, 'id' | 'online' | 'via'>} member
 * @param {Id | null} me
 */
export const isHere = (member, me) =>
  member.id === me || Boolean(member.online) || Boolean(member.via);

/**
 * Who stands in the picture, in the order of ids with oneself at the top, and which pairs are
 * linked (pairs of indices, each once). What the absent said of their links no longer counts.
 * @param {Map<Id, Held>} members
 * @param {Id | null} me
 * @returns {{ shown: Held[], links: [number, number][] }}
 */
export function mesh(members, me) {
  const shown = [...members.values()].filter((one) => !one.left && !one.aside)
    .sort((a, b) => (a.id === me ? -1 : b.id === me ? 1 : a.id < b.id ? -1 : 1))
    .slice(0, DRAWN_MAX);
  /** @type {Map<Id | null, number>} */
  const at = new Map(shown.map((member, index) => [member.id, index]));
  const pairs = new Set();
  /** @type {(a: number | undefined, b: number | undefined) => void} */
  const link = (a, b) => {
    if (a !== undefined && b !== undefined && a !== b) {
      pairs.add(a < b ? `${a},${b}` : `${b},${a}`);
    }
  };
  shown.forEach((member, index) => {
    if (member.id !== me && member.online) link(at.get(me), index);
    if (member.id === me || !isHere(member, me)) return;
    for (const other of member.links ?? []) {
      const peer = members.get(other);
      // A link with this node is known better here.
      if (other !== me && peer && isHere(peer, me)) link(index, at.get(other));
    }
  });
  const pairOf = (/** @type {string} */ pair) =>
    /** @type {[number, number]} */ (pair.split(',').map(Number));
  return { shown, links: [...pairs].map(pairOf) };
}
