// What can be known of a member, in words.

import { isHere } from '../core/mesh.js';
import { ask, dialog, problem, tell } from '../dialogs/dialog.js';
import { facts, wide } from '../dialogs/parts.js';
import { el, icon } from '../dom/el.js';
import { reason } from '../net/api.js';
import { standing } from './people.js';

/** @import { Held, Language, Store } from '../../../types/page' */
/** @import { Api } from '../net/api.js' */

/**
 * Who a member is, how it can be heard, and setting it aside.
 * @param {Held} member
 * @param {{ store: Store, api: Api, lang: Language, away: boolean }} page
 */
export function memberDetails(member, { store, api, lang, away }) {
  const { t } = lang;
  const now = Date.now();
  const name = store.nameOf(member.id);
  const self = member.id === store.me;
  const like = store.members.get(store.alike.get(member.id) ?? '');
  const heard = isHere(member, store.me) && !away ? member.links ?? [] : [];
  const online = member.online && !away;
  const others = heard.map((id) => store.nameOf(id));
  const wrong = problem();
  /** @param {boolean} aside */
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
