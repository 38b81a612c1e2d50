// The page's fixed parts, made once. Ids here are what browser tests hold on to.

import { coded, el, icon } from '../dom/el.js';
import { logo } from '../dom/ring.js';

/** @import { Language, Parts } from '../../../types/page' */

/**
 * Builds the page into `body`; returns its parts by name.
 * @param {HTMLElement} body
 * @param {Language} lang
 * @returns {Parts}
 */
export function layout(body, { t }) {
  const part = /** @type {any} */ ({});
  /** @type {(name: keyof Parts, tag: any, more: object, ...children: any[]) => HTMLElement} */
  const make = (name, tag, attributes, ...children) =>
    (part[name] = el(tag, attributes, ...children));
  /** @type {(name: keyof Parts, label: string, picture: string, more?: object) => HTMLElement} */
  const button = (name, label, picture, more = {}) =>
    make(name, 'button', {
      type: 'button', class: 'ib', 'aria-label': label, title: label, ...more,
    }, icon(picture));
  part.logo = logo();

  const header = el('header', {}, part.logo,
    el('div', { class: 'title' },
      make('circle', 'h1', { dir: 'auto' }, t('unnamed')), make('count', 'p', {})),
    button('openInvite', t('invite'), 'user-plus', { class: 'ib narrow' }),
    button('openSettings', t('settings'), 'settings', { id: 'open-settings' }));

  const log = make('log', 'div', {
    id: 'log', tabindex: -1, role: 'region', 'aria-label': t('log'),
  },
    make('empty', 'div', { class: 'welcome', hidden: true }),
    make('rows', 'ol', { id: 'rows', 'aria-label': t('log') }));

  const late = make('late', 'div', { class: 'pill top', hidden: true },
    make('lateGo', 'button', { type: 'button', id: 'late' }),
    button('lateClose', t('dismiss'), 'close', { class: 'x' }));
  const unread = make('unread', 'div', { class: 'pill top', hidden: true },
    make('unreadGo', 'button', { type: 'button', id: 'unread' }));
  const jump = make('jump', 'button', { type: 'button', id: 'jump', hidden: true },
    make('jumpCount', 'span', { class: 'badge', hidden: true }), make('jumpWords', 'span', {
      class: 'vh',
    }), icon('chevron-down'));

  const composer = make('form', 'form', {},
    make('composer', 'textarea', {
      id: 'composer', rows: 1, 'aria-label': t('composer'), autocomplete: 'off',
      placeholder: t('composer.placeholder'), enterkeyhint: 'send', dir: 'auto',
    }),
    button('emoji', t('emoji'), 'smile', { id: 'emoji' }),
    make('send', 'button', {
      id: 'send', class: 'ib send', 'aria-label': t('send'), title: t('send'),
    }, icon('send')));

  const main = make('main', 'main', {}, header,
    make('state', 'div', { id: 'state', role: 'status', 'data-state': 'connecting' },
      make('stateWords', 'span', {}),
      make('progress', 'progress', { hidden: true, 'aria-label': t('progress') })),
    el('div', { class: 'middle' }, log, late, unread, jump),
    el('div', { class: 'comp' },
      make('notices', 'div', { class: 'notices', role: 'status' }),
      make('typing', 'div', { class: 'typing' }), composer,
      make('left', 'div', { class: 'left', hidden: true }, el('strong', {}, t('left.title')),
        el('p', {}, t('left.what')), el('p', {}, coded(t('left.back')))),
      make('limit', 'div', { class: 'limit', role: 'status', hidden: true })));

  const veil = make('veil', 'div', { class: 'veil' });
  // Panels come between: see panels.js.
  body.append(main, veil, make('live', 'div', {
    id: 'live', class: 'vh', 'aria-live': 'polite', 'aria-atomic': 'false',
  }));
  return part;
}
