// Lines above the composer: what a person should know, and what the page offers.

import { el, icon } from './el.js';

/** What is only said stays this long (ms); an offer stays until it is answered. */
const SAID_MS = 10_000;

export class Notices {
  constructor({ place, t }) {
    Object.assign(this, { place, t });
  }

  /** Says something. */
  say(text) {
    const line = el('div', { class: 'notice' }, el('span', {}, text), el('button', {
      type: 'button', class: 'x', 'aria-label': this.t('dismiss'), onclick: () => line.remove(),
    }, icon('close')));
    this.place.append(line);
    setTimeout(() => line.remove(), SAID_MS);
  }

  /** Offers something: `yes` is what its button says, `action` what it does. */
  offer(text, yes, action) {
    const answer = (label, then) => el('button', {
      type: 'button', class: 'small', onclick: () => {
        line.remove();
        then();
      },
    }, label);
    const line = el('div', { class: 'notice offer' }, el('span', {}, text), answer(yes, action),
      answer(this.t('later'), () => {}));
    this.place.append(line);
  }
}
