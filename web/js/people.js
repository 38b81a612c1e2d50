// Who is in the circle, and how they can be heard.

import { el, fill } from './el.js';
import { hue, initial } from './text.js';

/** Short words for how a member stands. */
export function standing(member, store, { t, ago }, now) {
  if (member.left) return t('member.left');
  if (member.disputed) return t('member.disputed');
  if (member.aside) return t('member.aside');
  if (member.id === store.me) return t('member.you');
  if (member.online) {
    const known = member.rtt_ms !== null && member.rtt_ms !== undefined;
    return known ? t('member.ms', { ms: member.rtt_ms }) : t('member.online');
  }
  if (member.via) return t('member.via', { name: store.nameOf(member.via) });
  return member.last_heard
    ? t('member.heard', { ago: ago(member.last_heard, now) }) : t('member.never');
}

/** Oneself, who is here, who can be reached through others, the rest, the gone. */
export function sorted(store) {
  const rank = (member) =>
    member.left ? 5 : member.disputed ? 4 : member.aside ? 3 : member.id === store.me ? -1
      : member.online ? 0 : member.via ? 1 : 2;
  const name = (member) => store.nameOf(member.id);
  return [...store.members.values()].sort(
    (a, b) => rank(a) - rank(b) || name(a).localeCompare(name(b)) || (a.id < b.id ? -1 : 1),
  );
}

/** How many are in the circle, and how many of them can be heard now. */
export function counts(store) {
  const members = [...store.members.values()].filter((one) => !one.left && !one.aside);
  const here = members.filter((one) => one.online || one.id === store.me || one.via);
  return { count: members.length, here: here.length };
}

/** Renews the list where it changed. */
export function people(list, store, lang, now) {
  const rows = sorted(store).map((member) => {
    const away = !member.online && member.id !== store.me && !member.via;
    return {
      id: member.id, name: store.nameOf(member.id), fingerprint: member.fingerprint,
      standing: standing(member, store, lang, now),
      gone: Boolean(member.left || member.aside || member.disputed || away),
    };
  });
  const sign = JSON.stringify(rows);
  if (list.dataset.sign === sign) return;
  list.dataset.sign = sign;
  fill(list, rows.map((row) => el('li', { 'data-member': row.id, class: row.gone ? 'gone' : null },
    el('span', { class: `dot ${hue(row.id)}`, 'aria-hidden': 'true' }, initial(row.name)),
    el('bdi', { class: 'name', title: row.fingerprint }, row.name),
    el('small', {}, row.standing))));
}
