// The panels beside the log: one more is a file more, and a line here. The first is always there
// where the window is wide; another takes its place while it is open. On a narrow window each lies
// over the log, which cannot be reached meanwhile.
//
// A panel is its `name` (its id, and the key of its words: `name`, `name.show`), the `icon` of its
// button, and `make(page)`, which gives the `content` and `renew(now)`.

import { el, icon } from '../dom/el.js';
import { people } from '../people/panel.js';

/** @import { Now, Panel, Translate } from '../../../types/page' */
/** @import { View } from './view.js' */
/**
 * @typedef {{
 *   aside: HTMLElement, button: HTMLElement, close: HTMLElement, renew: (now: Now) => void,
 * }} Made
 */

/** @type {Panel[]} */
const PANELS = [people];
/** As in people.css: here panels lie over the log. */
const NARROW = '(max-width: 1199px)';

export class Panels {
  /**
   * `page` is what panels are made from: `part`, `lang`, `store` and the rest that it holds.
   * @param {View} page
   */
  constructor(page) {
    const { part, lang: { t } } = page;
    this.part = part;
    this.narrow = window.matchMedia(NARROW);
    /** @type {Made | null} */
    this.open = null;
    this.all = PANELS.map((panel, index) => this.#made(panel, index === 0, page, t));
    part.veil.onclick = () => this.set(null);
    document.addEventListener('keydown', (event) => {
      // A dialog over it has the key first.
      if (event.key !== 'Escape' || !this.open || document.querySelector('dialog[open]')) return;
      event.preventDefault();
      this.set(null);
    });
    this.narrow.addEventListener('change', () => this.open && this.set(null, false));
    this.set(null, false);
  }

  /**
   * @param {Panel} panel
   * @param {boolean} rests
   * @param {View} page
   * @param {Translate} t
   * @returns {Made}
   */
  #made({ name, icon: picture, make }, rests, page, t) {
    /** @type {(words: string, drawn: string, more: object) => HTMLElement} */
    const iconic = (words, drawn, more) => el('button', {
      type: 'button', class: rests ? 'ib narrow' : 'ib', 'aria-label': words, title: words, ...more,
    }, icon(drawn));
    const { content, renew } = make(page);
    const button = iconic(t(`${name}.show`), picture, {
      'aria-controls': name, 'aria-expanded': 'false',
      onclick: () => this.set(this.open === made ? null : made),
    });
    const close = iconic(t('close'), 'close', { onclick: () => this.set(null) });
    const aside = el('aside', { id: name, 'aria-label': t(name) },
      el('div', { class: 'head' }, el('h2', {}, t(name)), close), content);
    /** @type {Made} */
    const made = { aside, button, close, renew };
    this.part.openSettings.before(button);
    this.part.live.before(aside);
    return made;
  }

  /**
   * Opens a panel, or none; `moves`: the focus goes with it.
   * @param {Made | null} open
   * @param {boolean} moves
   */
  set(open, moves = true) {
    const { part, all, narrow, open: before } = this;
    this.open = open;
    for (const one of all) {
      one.aside.classList.toggle('open', one === open);
      one.button.setAttribute('aria-expanded', String(one === open));
      one.aside.hidden = one !== (open ?? all[0]);
    }
    part.main.inert = Boolean(open) && narrow.matches;
    if (moves) (open?.close ?? before?.button)?.focus({ preventScroll: true });
  }

  /**
   * Shows what has changed; `now`: when it is, and whether the node is away.
   * @param {Now} now
   */
  renew(now) {
    for (const { renew } of this.all) renew(now);
  }
}
