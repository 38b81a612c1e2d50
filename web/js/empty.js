// What stands in the log's place while there is nothing to read.

import { el, fill, icon } from './el.js';
import { logo } from './ring.js';

/** `words` are `connecting`, `alone`, `others`, or none where there is something to read. */
export function renewEmpty(place, words, t, onInvite) {
  if (place.dataset.words === words) return;
  place.dataset.words = words;
  place.hidden = words === '';
  if (words === '') return;
  const ring = logo();
  ring.classList.toggle('turning', words === 'connecting');
  if (words === 'connecting') fill(place, ring, el('p', {}, t('state.connecting')));
  else {
    fill(place, ring, el('h2', {}, t('empty.title')), el('p', {}, t(`empty.${words}`)),
      el('button', { type: 'button', class: 'wide main', onclick: onInvite },
        icon('user-plus'), t('invite')));
  }
}
