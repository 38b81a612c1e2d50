// Small things done with texts. No DOM.

/** Bytes of a message's text at most: the node's bound. */
export const TEXT_MAX_BYTES = 16 * 1024;

const clusters = new Intl.Segmenter('en', { granularity: 'grapheme' });
/**
 * What a reader takes for characters, each in its one or more code points.
 * @param {string} text
 */
const characters = (text) => Array.from(clusters.segment(text), ({ segment }) => segment);

/**
 * Initial for a member's dot: a whole character, also where it is made of several.
 * @param {string} name
 */
export function initial(name) {
  const [first] = clusters.segment(name.trim());
  return (first?.segment ?? '?').toLocaleUpperCase();
}

/** Units of one character at most that are cut for; marks may stack up without end. */
const UNITS_MAX = 50;

/**
 * At most so many characters of a text, the last of them a sign that there is more.
 * @param {string} text
 * @param {number} max
 */
export function shortened(text, max) {
  const start = text.slice(0, max * UNITS_MAX);
  const all = characters(start);
  return all.length <= max && start === text ? text : `${all.slice(0, max - 1).join('')}…`;
}

/**
 * A text as it was written, without blank lines at its ends.
 * @param {string} text
 */
export function trimmed(text) {
  const end = text.indexOf('\n', text.trimEnd().length);
  const kept = end < 0 ? text : text.slice(0, end);
  const first = kept.length - kept.trimStart().length;
  return first === kept.length ? '' : kept.slice(kept.lastIndexOf('\n', first) + 1);
}

/** What begins a new line, to readers of a file or to the programs that show it. */
const BREAK = /\r\n|[\n\v\f\r\u0085\u2028\u2029]/;
/** What could turn what follows it round, or steer a terminal. */
const STEERS = /(?!\t)[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu;

/**
 * Lines of one message among others: the later ones are set in, so that none poses as another.
 * @param {string} text
 */
export function setIn(text) {
  return text.split(BREAK).map((line) => line.replace(STEERS, '')).join('\n    ');
}

/** Hues for members. */
const HUES = 12;

/**
 * A hue for each member: the one its id asks for, or the next that nobody before it has. Members
 * come in the order in which they joined, so that a newcomer changes nobody's hue.
 * @param {string[]} ids
 */
export function hues(ids) {
  /** @type {Map<string, number>} */
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
const EMOJI_MAX = 3;
// Digits count as emoji to Unicode, but not to readers.
const EMOJI =
  /^(?:\p{Emoji_Presentation}|\p{Extended_Pictographic}|\p{RI}{2}|[\d#*]\ufe0f?\u20e3)/u;

/**
 * How many emoji a text is, if it is nothing else and few; else 0.
 * @param {string} text
 */
export function emojiOnly(text) {
  const bare = text.replace(/\s+/g, '');
  // The longest emoji are some twenty units long.
  if (bare === '' || bare.length > EMOJI_MAX * 20) return 0;
  const found = characters(bare);
  return found.length <= EMOJI_MAX && found.every((one) => EMOJI.test(one)) ? found.length : 0;
}
