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

/** One of twelve hues, always the same for a member. */
export function hue(id) {
  return `c${parseInt((id ?? '').slice(0, 6) || '0', 16) % 12}`;
}
