// The ring of dots, none at its head: the logo, the sign of connecting, and what a receipt is
// drawn as.

import { svg } from './el.js';

/** Dots of the logo. */
const DOTS = 6;

/**
 * `count` places at equal angles on a circle, the first at the top.
 * @param {number} count
 * @param {number} centre
 * @param {number} radius
 */
export function around(count, centre, radius) {
  return Array.from({ length: count }, (_, index) => {
    const angle = (index / count) * 2 * Math.PI - Math.PI / 2;
    return { x: centre + radius * Math.cos(angle), y: centre + radius * Math.sin(angle) };
  });
}

/** The logo; it turns while the class `turning` is on it. */
export function logo() {
  return svg('svg', { class: 'logo', viewBox: '0 0 28 28', 'aria-hidden': 'true' },
    ...around(DOTS, 14, 9.5).map(({ x, y }, index) =>
      svg('circle', { class: `logo-${index}`, cx: x.toFixed(2), cy: y.toFixed(2), r: 3.4 })));
}

/**
 * A receipt as a ring: dashed where nobody else has the message, an arc for the share of members
 * that hold it, full where all do, with a dot where all have read it.
 * @param {{ state: string, of: number, have: { length: number } }} mark
 */
export function receiptRing({ state, of, have }) {
  /** @param {Record<string, unknown>} more */
  const circle = (more) => svg('circle', { cx: 7, cy: 7, r: 5, fill: 'none', ...more });
  const share = state === 'kept' ? have.length / Math.max(1, of) : 1;
  // A dash as long as the whole leaves a seam where its ends meet.
  const dash = share < 1 ? `${share * 100} 100` : null;
  const drawn = state === 'kept' && have.length === 0
    ? [circle({ class: 'only', pathLength: 16 })]
    : [circle({ class: 'track' }),
      circle({ class: 'arc', pathLength: 100, 'stroke-dasharray': dash })];
  if (state === 'read') drawn.push(svg('circle', { class: 'all', cx: 7, cy: 7, r: 2.2 }));
  return svg('svg', { class: 'ring', viewBox: '0 0 14 14', 'aria-hidden': 'true' }, ...drawn);
}
