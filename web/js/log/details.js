// What can be known of a message, in words.

import { words } from '../core/receipts.js';
import { dialog } from '../dialogs/dialog.js';
import { dot, facts } from '../dialogs/parts.js';
import { el } from '../dom/el.js';

/** @import { Message } from '../../../types/frames' */
/** @import { Language, Store } from '../../../types/page' */

/**
 * Who has a message, who has read it, and whether its place can still change.
 * @param {Message} message
 * @param {Store} store
 * @param {Language} lang
 * @param {(message: Message, button: HTMLElement) => void} copy
 */
export function messageDetails(message, store, lang, copy) {
  const { t } = lang;
  const mark = store.marks(message);
  const name = store.nameOf(message.author, message.name);
  const member = store.members.get(message.author);
  const open = store.blockers(message).map((one) => store.nameOf(one.id));
  const final = store.isFinal(message);
  const disputed = member?.disputed && message.seq >= member.disputed;
  const place = disputed ? t('disputed.why', { name })
    : final ? t('final.yes')
      : open.length > 0 ? t('final.no', { names: lang.list(open) }) : t('final.soon');
  const promise = mark.of === 0 ? 'promise.alone' : `promise.${mark.state}`;
  dialog(t, t('details'), { id: 'details' },
    facts([t('details.author'), el('span', {}, el('bdi', {}, name), ' ',
      el('code', {}, member?.fingerprint ?? message.author.slice(0, 20)))],
    [t('details.written'), lang.full(message.at)],
    [t('details.arrived'), message.author === store.me ? null : lang.full(message.arrived_at)],
    [t('details.place'), `${lang.number(message.lamport)}. ${place}`],
    [t('details.mark'), `${words(mark, t)}. ${t(promise)}`]),
    mark.of > 0 && el('ul', { class: 'holders' }, [...mark.have, ...mark.lack].map((one) => {
      const called = store.nameOf(one.id);
      const has = mark.have.includes(one) ? 'has' : 'lacks';
      const state = mark.readers.includes(one) ? 'read' : has;
      return el('li', { 'data-holder': one.id, 'data-state': state },
        dot(store.hueOf(one.id), called),
        el('bdi', { class: 'name' }, called), el('small', {}, t(`holder.${state}`)));
    })),
    store.readReceipts ? null : el('p', {}, t('details.unread')),
    store.kinds.textOf(message) !== null && el('button', {
      type: 'button', class: 'wide',
      onclick: (/** @type {any} */ event) => copy(message, event.currentTarget),
    }, t('copy.message')));
}
