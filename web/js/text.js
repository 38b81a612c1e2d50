// A message's text as nodes: plain, with its web addresses made links.

import { el } from './el.js';

const LINK = /https?:\/\/[^\s<>"']+/gi;
const TRAILING = /[.,;:!?)\]}]+$/;

/** Text and links, in order. */
export function textNodes(text) {
  const nodes = [];
  let done = 0;
  for (const found of text.matchAll(LINK)) {
    const address = found[0].replace(TRAILING, '');
    nodes.push(text.slice(done, found.index));
    nodes.push(el('a', { href: address, target: '_blank', rel: 'noopener noreferrer' }, address));
    done = found.index + address.length;
  }
  return [...nodes, text.slice(done)].filter((node) => node !== '');
}

/** Words with `commands` between backquotes, as our own texts have them. */
export function coded(text) {
  return text.split('`').map((part, index) => (index % 2 ? el('code', {}, part) : part));
}

/** Initial for a member's dot: a whole character, also where it is made of several. */
export function initial(name) {
  return (Array.from(name.trim())[0] ?? '?').toLocaleUpperCase();
}

/** Hues for members. */
const HUES = 12;

/**
 * A hue for each member: the one its id asks for, or the next that nobody before it has. Members
 * come in the order in which they joined, so that a newcomer changes nobody's hue.
 */
export function hues(ids) {
  const given = new Map();
  const taken = new Set();
  for (const id of ids) {
    let hue = parseInt(id.slice(0, 6), 16) % HUES;
    // Five steps on: the nearest ones are hard to tell apart.
    while (taken.has(hue) && taken.size < HUES) hue = (hue + 5) % HUES;
    if (taken.size < HUES) taken.add(hue);
    given.set(id, hue);
  }
  return given;
}

export const emojiOnly = () => 0;
