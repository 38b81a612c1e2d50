// Who is in the circle, how they can be heard, and the mesh as a picture.

import { guarded } from '../core/guard.js';
import { isHere, mesh } from '../core/mesh.js';
import { initial } from '../core/text.js';
import { el, fill, icon } from '../dom/el.js';
import { picture } from './picture.js';

/** @import { Id } from '../../../types/frames' */
/** @import { Held, Language, Store } from '../../../types/page' */
/**
 * @typedef {{
 *   id: Id, hue?: string, name?: string, standing?: string, alike?: boolean, disputed?: boolean,
 *   gone?: boolean, broken?: boolean,
 * }} MemberRow
 */

/**
 * Short words for how a member stands; `away`: the node is, and nothing is known of now.
 * @param {Held} member
 * @param {Store} store
 * @param {Language} lang
 * @param {number} now
 * @param {boolean} away
 */
export function standing(member, store, { t, ago, number }, now, away = false) {
  if (member.left) return t('member.left');
  if (member.disputed) return t('member.disputed');
  if (member.aside) return t('member.aside');
  if (member.id === store.me) return t('member.you');
  // Below a millisecond the number tells nobody anything.
  if (member.online && !away) {
    const ms = member.rtt_ms ?? 0;
    return ms > 0 ? t('member.ms', { ms: number(ms) }) : t('member.online');
  }
  if (member.via && !away) return t('member.via', { name: store.nameOf(member.via) });
  return member.last_heard
    ? t('member.heard', { ago: ago(member.last_heard, now) }) : t('member.never');
}

/**
 * Oneself, who is here, who can be reached through others, the rest, the gone.
 * @param {Store} store
 */
export function sorted(store) {
  /** @param {Held} member */
  const rank = (member) =>
    member.left ? 5 : member.disputed ? 4 : member.aside ? 3 : member.id === store.me ? -1
      : member.online ? 0 : member.via ? 1 : 2;
  /** @param {Held} member */
  const name = (member) => store.nameOf(member.id);
  return [...store.members.values()].sort(
    (a, b) => rank(a) - rank(b) || name(a).localeCompare(name(b)) || (a.id < b.id ? -1 : 1),
  );
}

/**
 * How many are in the circle, and how many of them can be heard now.
 * @param {Store} store
 */
export function counts(store) {
  const members = [...store.members.values()].filter((one) => !one.left && !one.aside);
  const here = members.filter((one) => isHere(one, store.me));
  return { count: members.length, here: here.length };
}

/** The panel; `onMember(member)` is told whom the reader wants to know more of. */
export class People {
  /**
   * @param {{
   *   list: HTMLElement, drawing: HTMLElement, store: Store, lang: Language,
   *   onMember: (member: Held) => void,
   * }} parts
   */
  constructor({ list, drawing, store, lang, onMember }) {
    this.list = list;
    this.drawing = drawing;
    this.store = store;
    this.lang = lang;
    this.onMember = onMember;
    this.listed = '';
    this.drawn = '';
  }

  /**
   * Renews what changed.
   * @param {number} now
   * @param {boolean} away
   */
  renew(now, away) {
    this.#list(now, away);
    guarded('the mesh', () => this.#drawing(away), () => (this.drawing.hidden = true));
  }

  /**
   * @param {number} now
   * @param {boolean} away
   */
  #list(now, away) {
    const { list, store, lang } = this;
    /** @type {(member: Held) => MemberRow} */
    const row = (member) => ({
      id: member.id, hue: store.hueOf(member.id), name: store.nameOf(member.id),
      standing: standing(member, store, lang, now, away),
      alike: store.alike.has(member.id), disputed: Boolean(member.disputed),
      gone: Boolean(member.left || member.aside || (!away && !isHere(member, store.me))),
    });
    const rows = sorted(store).map((member) => guarded(`the standing of ${member.id}`,
      () => row(member), () => ({ id: member.id, broken: true })));
    const sign = JSON.stringify(rows);
    if (this.listed === sign) return;
    this.listed = sign;
    /** @type {HTMLElement | null | undefined} */
    const focused = document.activeElement?.closest('[data-member]');
    const held = focused?.dataset.member;
    fill(list, rows.map((row) => this.#row(row)));
    if (!held) return;
    /** @type {HTMLElement | null} */
    const again = list.querySelector(`[data-member="${CSS.escape(held)}"] button`);
    again?.focus();
  }

  /** @param {MemberRow} row */
  #row(row) {
    const broken = () => el('li', { 'data-member': row.id, class: 'gone' },
      el('span', { class: 'member' }, el('bdi', { class: 'name' }, row.name ?? row.id.slice(0, 8)),
        el('small', {}, this.lang.t('kind.broken'))));
    return row.broken ? broken() : guarded(row.id, () => this.#member(row), broken);
  }

  /** @param {MemberRow} row */
  #member(row) {
    const { lang: { t }, store } = this;
    const open = () => {
      const member = store.members.get(row.id);
      if (member) this.onMember(member);
    };
    return el('li', { 'data-member': row.id, class: row.gone ? 'gone' : null },
      el('button', { type: 'button', class: 'member', onclick: open },
        el('span', { class: `dot ${row.hue}`, 'aria-hidden': 'true' }, initial(row.name ?? '')),
        el('bdi', { class: 'name' }, row.name),
        (row.alike || row.disputed) && el('span', {
          class: 'flag', title: t(row.disputed ? 'member.disputed' : 'member.newkey'),
        }, icon('alert'), row.alike && t('member.newkey')),
        el('small', {}, row.standing)));
  }

  /** @param {boolean} away */
  #drawing(away) {
    const { drawing, store, lang: { t } } = this;
    const drawn = mesh(store.members, store.me);
    if (away) drawn.links = [];
    const { count, here } = counts(store);
    const names = drawn.shown.map((one) =>
      [store.hueOf(one.id), store.nameOf(one.id), isHere(one, store.me)]);
    const sign = JSON.stringify([away, names, drawn.links]);
    if (this.drawn === sign) return;
    this.drawn = sign;
    drawing.hidden = drawn.shown.length < 2;
    if (drawing.hidden) return;
    drawing.classList.toggle('unknown', away);
    const now = away ? [t('people.away')]
      : [t('people.here', { here }), t('mesh.links', { count: drawn.links.length })];
    fill(drawing, picture(drawn, store, [t('people.count', { count }), ...now].join(', ')));
  }
}
