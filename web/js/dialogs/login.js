// The question for the token.

import { coded, el } from '../dom/el.js';
import { problem, tell } from './dialog.js';

/** @import { Translate } from '../../../types/page' */

/** The question for the token, in place of the page. `enter(text)` is told the answer. */
export class Login {
  /** @param {{ t: Translate, enter: (token: string) => void }} parts */
  constructor({ t, enter }) {
    const token = el('input', {
      id: 'token', autocomplete: 'off', spellcheck: 'false', required: true, autocapitalize: 'off',
    });
    const wrong = problem();
    const form = el('form', {
      onsubmit: (/** @type {Event} */ event) => {
        event.preventDefault();
        this.tried = true;
        enter(token.value);
      },
    },
    el('img', { src: '/icon.svg', alt: '', width: 56, height: 56 }),
    el('h1', {}, t('login.title')), el('p', {}, coded(t('login.how'))),
    el('label', {}, t('login.token'), token), wrong,
    el('button', { class: 'wide main' }, t('login.enter')));
    this.box = el('section', { id: 'login', hidden: true, 'aria-label': t('login.title') }, form);
    this.token = token;
    this.wrong = wrong;
    this.tried = false;
    this.refusal = t('login.wrong');
    document.body.append(this.box);
  }

  /**
   * `had`: a token was there and was refused.
   * @param {boolean} had
   */
  open(had) {
    if (had || this.tried) tell(this.wrong, this.refusal);
    const opens = this.box.hidden;
    this.box.hidden = false;
    document.body.classList.add('locked');
    if (opens) this.token.focus();
    else this.token.select();
  }

  close() {
    this.box.hidden = true;
    this.tried = false;
    this.wrong.hidden = true;
    this.token.value = '';
    document.body.classList.remove('locked');
  }
}
