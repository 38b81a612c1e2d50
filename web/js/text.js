// Small things done with texts.

import { el } from './el.js';

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

/** More emoji than this are a text like any other. */
const EMOJI_MAX = 6;
const clusters = new Intl.Segmenter('en', { granularity: 'grapheme' });
// Digits count as emoji to Unicode, but not to readers.
const EMOJI =
  /^(?:\p{Emoji_Presentation}|\p{Extended_Pictographic}|\p{RI}{2}|[\d#*]\ufe0f?\u20e3)/u;

/** How many emoji a text is, if it is nothing else and few; else 0. */
export function emojiOnly(text) {
  const bare = text.replace(/\s+/g, '');
  // The longest emoji are some twenty units long.
  if (bare === '' || bare.length > EMOJI_MAX * 20) return 0;
  const found = Array.from(clusters.segment(bare), ({ segment }) => segment);
  return found.length <= EMOJI_MAX && found.every((one) => EMOJI.test(one)) ? found.length : 0;
}
