// What can be known of a message and of a member, in words.

import { reason } from './api.js';
import { ask, dialog, problem, tell } from './dialogs.js';
import { el, icon } from './el.js';
import { isHere } from './mesh.js';
import { standing } from './people.js';
import { words } from './receipts.js';
import { initial } from './text.js';

const facts = (...pairs) => el('dl', { class: 'facts' },
  pairs.filter((pair) => pair && pair[1]).map(([what, is]) =>
    el('div', {}, el('dt', {}, what), el('dd', {}, is))));

const wide = (id, words, onclick) =>
  el('button', { type: 'button', class: 'wide', id, onclick }, words);

const dot = (hue, name) =>
  el('span', { class: `dot ${hue}`, 'aria-hidden': 'true' }, initial(name));

/** Who has a message, who has read it, and whether its place can still change. */
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
    message.kind === 'text' && el('button', {
      type: 'button', class: 'wide', onclick: (event) => copy(message, event.currentTarget),
    }, t('copy.message')));
}

/** Who a member is, how it can be heard, and setting it aside. */
export function memberDetails(member, { store, api, lang, away }) {
  const { t } = lang;
  const now = Date.now();
  const name = store.nameOf(member.id);
  const self = member.id === store.me;
  const like = store.members.get(store.alike.get(member.id));
  const heard = isHere(member, store.me) && !away ? member.links ?? [] : [];
  const online = member.online && !away;
  const others = heard.map((id) => store.nameOf(id));
  const wrong = problem();
  async function setAside(aside) {
    const sure = !aside || await ask(t, {
      title: t('aside.title', { name }), text: t('aside.text'), confirm: t('aside.do'),
    });
    if (!sure) return;
    try {
      await api.setAside(member.id, aside);
      box.close();
    } catch (error) {
      tell(wrong, reason(error, lang));
    }
  }
  const box = dialog(t, name, { id: 'member' },
    like && el('p', { class: 'warning' }, icon('alert'), el('span', {}, t('member.alike', {
      name: store.nameOf(like.id), fingerprint: like.fingerprint,
    }))),
    member.disputed && el('p', { class: 'warning' }, icon('alert'),
      el('span', {}, t('disputed.why', { name }))),
    facts([t('member.fingerprint'), el('code', { class: 'print' }, member.fingerprint)],
      [t('member.standing'), standing(member, store, lang, now, away)],
      !self && [t('member.last'), online ? t('ago.now')
        : member.last_heard ? lang.full(member.last_heard) : t('member.never')],
      !self && !away && [t('member.way'), online ? t('member.direct')
        : member.via ? t('member.via', { name: store.nameOf(member.via) }) : t('member.noway')],
      others.length > 0 && [t('member.links'), lang.list(others)],
      member.addresses?.length > 0 && [t('member.addresses'), member.addresses.join(', ')]),
    el('p', {}, t('member.compare')), wrong,
    !self && !member.left && (member.aside
      ? wide('unaside', t('aside.undo'), () => setAside(false))
      : wide('aside', t('aside.do'), () => setAside(true))));
}
