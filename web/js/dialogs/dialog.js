// Dialogs: what they have in common.

import { coded, el, fill, icon } from '../dom/el.js';

/** @import { Children, Translate } from '../../../types/page' */

/**
 * A modal dialog with a heading; gone from the page once closed.
 * @param {Translate} t
 * @param {string} title
 * @param {Record<string, unknown>} attributes
 * @param {Children[]} children
 */
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

/**
 * Says what went wrong.
 * @param {HTMLElement} line
 * @param {string} text
 */
export function tell(line, text) {
  line.hidden = false;
  fill(line, coded(text));
}

/**
 * A question; resolves to whether it was confirmed. The way back has the focus.
 * @param {Translate} t
 * @param {{ title: string, text: string, confirm: string, danger?: boolean }} question
 * @returns {Promise<boolean>}
 */
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
    /** @type {HTMLElement | null} */
    const back = box.querySelector('[autofocus]');
    back?.focus();
    box.addEventListener('close', () => resolve(box.returnValue === 'yes'));
  });
}
