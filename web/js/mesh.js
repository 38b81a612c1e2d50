// The mesh as a picture: members at equal angles, a chord for each live link. By arithmetic alone.

import { svg } from './el.js';
import { around } from './ring.js';
import { initial } from './text.js';

/** Members drawn at most; a node keeps at most so many links. */
export const DRAWN_MAX = 64;
const SIZE = 220;

/** Whether a member can be heard now, directly or through others. */
export const isHere = (member, me) =>
  member.id === me || Boolean(member.online) || Boolean(member.via);

/**
 * Who stands in the picture, in the order of ids with oneself at the top, and which pairs are
 * linked (pairs of indices, each once). What the absent said of their links no longer counts.
 */
export function mesh(members, me) {
  const shown = [...members.values()].filter((one) => !one.left && !one.aside)
    .sort((a, b) => (a.id === me ? -1 : b.id === me ? 1 : a.id < b.id ? -1 : 1))
    .slice(0, DRAWN_MAX);
  const at = new Map(shown.map((member, index) => [member.id, index]));
  const pairs = new Set();
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
  return { shown, links: [...pairs].map((pair) => pair.split(',').map(Number)) };
}

/** What is seen of the picture: its whole width, and no strip above or below where nobody is. */
export function box(places, radius) {
  const margin = radius + 6;
  const top = Math.min(...places.map(({ y }) => y)) - margin;
  const bottom = Math.max(...places.map(({ y }) => y)) + margin;
  return [0, top, SIZE, bottom - top].map((number) => Math.round(number)).join(' ');
}

/** The picture as an element; `label` says it in words. */
export function picture({ shown, links }, store, label) {
  const radius = shown.length > 24 ? 5 : shown.length > 12 ? 10 : 17;
  const places = around(shown.length, SIZE / 2, SIZE / 2 - radius - 6);
  const lines = links.map(([a, b]) => svg('line', {
    x1: places[a].x.toFixed(1), y1: places[a].y.toFixed(1),
    x2: places[b].x.toFixed(1), y2: places[b].y.toFixed(1),
  }));
  const dots = shown.flatMap((member, index) => {
    const { x, y } = places[index];
    const away = isHere(member, store.me) ? '' : ' away';
    const circle = svg('circle', {
      class: `${store.hueOf(member.id)}${away}`, cx: x.toFixed(1), cy: y.toFixed(1), r: radius,
    });
    if (radius < 10) return [circle];
    const text = svg('text', { class: away.trim() || null, x: x.toFixed(1), y: y.toFixed(1) });
    text.textContent = initial(store.nameOf(member.id));
    return [circle, text];
  });
  return svg('svg', {
    class: 'mesh', viewBox: box(places, radius), role: 'img', 'aria-label': label,
  }, ...lines, ...dots);
}
