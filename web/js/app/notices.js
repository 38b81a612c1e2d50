// Lines above the composer: what a person should know, and what the page offers.

import { el, icon } from '../dom/el.js';

/** @import { Translate } from '../../../types/page' */

/** What is only said stays this long (ms); an offer stays until it is answered. */
const SAID_MS = 10_000;

export class Notices {
  /** @param {{ place: HTMLElement, t: Translate }} parts */
  constructor({ place, t }) {
    this.place = place;
    this.t = t;
    /** @type {Map<string, { line: HTMLElement, timer: ReturnType<typeof setTimeout> }>} */
    this.said = new Map();
  }

  /**
   * Says something; what stands there already stands there longer, not twice.
   * @param {string} text
   * @param {number} ms
   */
  say(text, ms = SAID_MS) {
    const remove = () => {
      this.said.get(text)?.line.remove();
      this.said.delete(text);
    };
    const again = this.said.get(text);
    clearTimeout(again?.timer);
    const line = again?.line ?? el('div', { class: 'notice' }, el('span', {}, text),
      el('button', {
        type: 'button', class: 'x', 'aria-label': this.t('dismiss'), onclick: remove,
      }, icon('close')));
    if (!again) this.place.append(line);
    this.said.set(text, { line, timer: setTimeout(remove, ms) });
  }

  /**
   * Offers something: `yes` is what its button says, `action` what it does.
   * @param {string} text
   * @param {string} yes
   * @param {() => void} action
   */
  offer(text, yes, action) {
    /** @type {(label: string, then: () => void) => HTMLElement} */
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
