// What stands in the log's place while there is nothing to read.

import { el, fill, icon } from './el.js';
import { logo } from './ring.js';
import { coded } from './text.js';

/**
 * What is to be said there: `connecting`, `away`, `full`, `left`, `alone`, `others`, or nothing
 * where there is something to read. `state` is the banner's, `count` how many are in the circle.
 */
export function emptyWords({ talks, met, state, away, left, count }) {
  if (talks) return '';
  if (state === 'full') return 'full';
  if (!met) return away ? 'away' : 'connecting';
  if (left) return 'left';
  return count > 1 ? 'others' : 'alone';
}

const TURNING = new Set(['connecting', 'away']);
/** Keys of the heading and of the sentence under it. */
const SAID = {
  connecting: [null, 'state.connecting'],
  away: ['empty.away.title', 'empty.away'],
  full: ['empty.full.title', 'empty.full'],
  left: ['empty.left', null],
  alone: ['empty.title', 'empty.alone'],
  others: ['empty.title', 'empty.others'],
};

/** Shows these words; whoever is alone is offered to invite. */
export function renewEmpty(place, words, t, onInvite) {
  if (place.dataset.words === words) return;
  place.dataset.words = words;
  place.hidden = words === '';
  if (words === '') return;
  const [title, sentence] = SAID[words];
  const ring = logo();
  ring.classList.toggle('turning', TURNING.has(words));
  fill(place, ring, title && el('h2', {}, t(title)), sentence && el('p', {}, coded(t(sentence))),
    words === 'alone' && el('button', { type: 'button', class: 'wide main', onclick: onInvite },
      icon('user-plus'), t('invite')));
}
