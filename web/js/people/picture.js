// The mesh as a picture: members at equal angles, a chord for each live link. By arithmetic alone.

import { isHere } from '../core/mesh.js';
import { initial } from '../core/text.js';
import { svg } from '../dom/el.js';
import { around } from '../dom/ring.js';

/** @import { Held, Store } from '../../../types/page' */

const SIZE = 220;

/**
 * What is seen of the picture: its whole width, and no strip above or below where nobody is.
 * @param {{ x: number, y: number }[]} places
 * @param {number} radius
 */
export function box(places, radius) {
  const margin = radius + 6;
  const top = Math.min(...places.map(({ y }) => y)) - margin;
  const bottom = Math.max(...places.map(({ y }) => y)) + margin;
  return [0, top, SIZE, bottom - top].map((number) => Math.round(number)).join(' ');
}

/**
 * The picture as an element; `label` says it in words.
 * @param {{ shown: Held[], links: [number, number][] }} mesh
 * @param {Store} store
 * @param {string} label
 */
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
