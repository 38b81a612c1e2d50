// The page's fixed parts, made once. Ids here are what browser tests hold on to.

import { el, icon } from './el.js';

/** Builds the page into `body`; returns its parts by name. */
export function frame(body, { t }) {
  const part = {};
  const make = (name, tag, attributes, ...children) =>
    (part[name] = el(tag, attributes, ...children));
  const button = (name, label, picture, more = {}) =>
    make(name, 'button', {
      type: 'button', class: 'ib', 'aria-label': label, title: label, ...more,
    }, icon(picture));

  const header = el('header', {},
    el('img', { src: '/icon.svg', alt: '', width: 32, height: 32 }),
    el('div', { class: 'title' },
      make('circle', 'h1', { dir: 'auto' }, t('unnamed')), make('count', 'p', {})),
    button('openSettings', t('settings'), 'settings'),
    button('openPeople', t('people.show'), 'people', {
      class: 'ib narrow', 'aria-controls': 'people', 'aria-expanded': 'false',
    }));

  const log = make('log', 'div', {
    id: 'log', tabindex: -1, role: 'region', 'aria-label': t('log'),
  },
    make('empty', 'div', { class: 'empty', hidden: true }),
    make('rows', 'ol', { id: 'rows' }));

  const late = make('late', 'div', { class: 'pill top', hidden: true },
    make('lateGo', 'button', { type: 'button', id: 'late' }),
    button('lateClose', t('dismiss'), 'close', { class: 'x' }));

  const composer = make('form', 'form', {},
    make('composer', 'textarea', {
      id: 'composer', rows: 1, 'aria-label': t('composer'), autocomplete: 'off',
      placeholder: t('composer.placeholder'), enterkeyhint: 'send', dir: 'auto',
    }),
    make('send', 'button', {
      id: 'send', class: 'ib send', 'aria-label': t('send'), title: t('send'),
    }, icon('send')));

  const main = el('main', {}, header,
    make('state', 'div', { id: 'state', 'data-state': 'connecting' }),
    el('div', { class: 'middle' }, log, late,
      make('jump', 'button', {
        type: 'button', id: 'jump', class: 'pill bottom', hidden: true,
      })),
    el('div', { class: 'comp' },
      make('notices', 'div', { class: 'notices', role: 'status' }),
      make('typing', 'div', { class: 'typing' }), composer));

  const people = make('people', 'aside', { id: 'people', 'aria-label': t('people') },
    el('div', { class: 'head' }, el('h2', {}, t('people')),
      button('closePeople', t('close'), 'close', { class: 'ib narrow' })),
    make('members', 'ul', {}),
    make('invite', 'button', { type: 'button', id: 'invite', class: 'wide' }, t('invite')));

  body.append(main, people, make('live', 'div', {
    id: 'live', class: 'vh', 'aria-live': 'polite', 'aria-atomic': 'false',
  }));
  return part;
}
