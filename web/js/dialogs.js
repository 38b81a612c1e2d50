// Dialogs: what they have in common, the invitation, and the question for the token.

import { reason } from './api.js';
import { copied } from './copy.js';
import { el, fill, icon } from './el.js';
import { coded } from './text.js';

/** A modal dialog with a heading; gone from the page once closed. */
export function dialog(t, title, attributes, ...children) {
  const close = () => box.close();
  const box = el('dialog', {
    ...attributes, 'aria-label': title, tabindex: -1, onclose: () => box.remove(),
  },
    el('div', { class: 'head' }, el('h2', {}, title),
      el('button', {
        type: 'button', class: 'ib', 'aria-label': t('close'), title: t('close'), onclick: close,
      }, icon('close'))),
    children);
  document.body.append(box);
  box.showModal();
  box.focus();
  return box;
}

export const problem = () => el('p', { class: 'problem', role: 'alert', hidden: true });

/** Says what went wrong. */
export function tell(line, text) {
  line.hidden = false;
  fill(line, coded(text));
}

/** A question; resolves to whether it was confirmed. The way back has the focus. */
export function ask(t, { title, text, confirm, danger = false }) {
  return new Promise((resolve) => {
    const box = dialog(t, title, { id: 'ask' }, el('p', {}, text), el('div', { class: 'choices' },
      el('button', {
        type: 'button', class: 'wide', autofocus: true, onclick: () => box.close(),
      }, t('cancel')),
      el('button', {
        type: 'button', class: `wide main${danger ? ' danger' : ''}`, id: 'confirm',
        onclick: () => box.close('yes'),
      }, confirm)));
    box.querySelector('[autofocus]').focus();
    box.addEventListener('close', () => resolve(box.returnValue === 'yes'));
  });
}

/** Fetches and shows the invitation. */
export function invite(api, lang) {
  const { t } = lang;
  const place = el('div', {});
  dialog(t, t('invite'), { id: 'invitation' }, el('p', {}, t('invite.how')), place);
  return fetchInvitation(api, lang, place);
}

async function fetchInvitation(api, lang, place) {
  const { t } = lang;
  try {
    const { link, svg } = await api.invite();
    const field = el('input', { readonly: true, value: link, 'aria-label': t('invite.link') });
    const copy = el('button', { type: 'button', class: 'wide', onclick: take },
      icon('copy'), t('copy'));
    async function take() {
      if (await copied(link)) fill(copy, icon('check'), t('copied'));
      else field.select();
    }
    const address = svg && `data:image/svg+xml,${encodeURIComponent(svg)}`;
    fill(place, svg && el('img', { class: 'qr', src: address, alt: t('invite.qr') }), field,
      el('p', {}, coded(t('invite.command'))), copy);
  } catch (error) {
    fill(place, el('p', { class: 'problem', role: 'alert' }, coded(reason(error, lang))),
      el('button', {
        type: 'button', class: 'wide', onclick: () => fetchInvitation(api, lang, place),
      }, t('retry')));
  }
}

/** The question for the token, in place of the page. `enter(text)` is told the answer. */
export class Login {
  constructor({ t, enter }) {
    const token = el('input', {
      id: 'token', autocomplete: 'off', spellcheck: 'false', required: true, autocapitalize: 'off',
    });
    const wrong = problem();
    const form = el('form', {
      onsubmit: (event) => {
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
    Object.assign(this, { token, wrong, tried: false, refusal: t('login.wrong') });
    document.body.append(this.box);
  }

  /** `had`: a token was there and was refused. */
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
