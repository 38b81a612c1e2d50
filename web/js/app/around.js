// What stands around the log: how it stands with the node, who is here, who types, and whether
// there is anything to read or to write.

import { coded, el, fill, icon, put } from '../dom/el.js';
import { logo } from '../dom/ring.js';
import { counts } from '../people/people.js';

/** @import { Language, Outbox, Parts, Store, Translate } from '../../../types/page' */
/** @import { Hints } from '../core/hints.js' */
/** @import { Connection } from '../net/connection.js' */
/** @import { Banner } from './banner.js' */
/** @import { Panels } from './panels.js' */
/** @typedef {'connecting' | 'away' | 'full' | 'left' | 'alone' | 'others'} Said */

/**
 * What is said where there is nothing to read: `connecting`, `away`, `full`, `left`, `alone`,
 * `others`; nothing where it talks. `state` is the banner's, `count` how many are in the circle.
 * @param {{
 *   talks: boolean, met: boolean, state: string, away: boolean, left: boolean, count: number,
 * }} standing
 * @returns {Said | ''}
 */
export function emptyWords({ talks, met, state, away, left, count }) {
  if (talks) return '';
  if (state === 'full') return 'full';
  if (!met) return away ? 'away' : 'connecting';
  if (left) return 'left';
  return count > 1 ? 'others' : 'alone';
}

const TURNING = new Set(['connecting', 'away']);
/** Keys of the heading and of the sentence under it. */
/** @type {Record<Said, [title: string | null, sentence: string | null]>} */
const SAID = {
  connecting: [null, 'state.connecting'],
  away: ['empty.away.title', 'empty.away'],
  full: ['empty.full.title', 'empty.full'],
  left: ['empty.left', null],
  alone: ['empty.title', 'empty.alone'],
  others: ['empty.title', 'empty.others'],
};

/**
 * Shows these words; whoever is alone is offered to invite.
 * @param {HTMLElement} place
 * @param {Said | ''} words
 * @param {Translate} t
 * @param {() => void} onInvite
 */
function renewEmpty(place, words, t, onInvite) {
  if (place.dataset.words === words) return;
  place.dataset.words = words;
  place.hidden = words === '';
  if (words === '') return;
  const [title, sentence] = SAID[words];
  const ring = logo();
  ring.classList.toggle('turning', TURNING.has(words));
  fill(place, ring, title && el('h2', {}, t(title)), sentence && el('p', {}, coded(t(sentence))),
    words === 'alone' && el('button', { type: 'button', class: 'wide main', onclick: onInvite },
      icon('user-plus'), t('invite')));
}

export class Around {
  /**
   * The parts of the page that it renews, by name.
   * @param {{
   *   part: Parts, store: Store, outbox: Outbox, lang: Language, banner: Banner, panels: Panels,
   *   composer: { close(): void }, hints: Hints,
   * }} page
   */
  constructor({ part, store, outbox, lang, banner, panels, composer, hints }) {
    this.part = part;
    this.store = store;
    this.outbox = outbox;
    this.lang = lang;
    this.banner = banner;
    this.panels = panels;
    this.composer = composer;
    this.hints = hints;
  }

  /**
   * `met`: the node has answered this page once.
   * @param {Connection} connection
   * @param {boolean} met
   */
  renew(connection, met) {
    const { part, store, lang: { t, list }, banner } = this;
    banner.renew(connection, met);
    document.body.classList.toggle('away', banner.away);
    const { count, here } = counts(store);
    const now = banner.away ? t('people.away') : t('people.here', { here });
    put(part.circle, store.circle || t('unnamed'));
    put(part.count, count === 0 ? '' : `${t('people.count', { count })} · ${now}`);
    const names = [...store.typing.keys()].map((id) => store.nameOf(id));
    put(part.typing, names.length === 0 ? '' :
      t('typing', { count: names.length, names: list(names) }));
    const invites = this.#doors(count, met);
    this.panels.renew({ time: Date.now(), away: banner.away, invites });
    this.hints.ring();
  }

  /**
   * What is shown where there is nothing to read, or nothing to write any more. Gives whether
   * there is an invitation to be had elsewhere.
   * @param {number} count
   * @param {boolean} met
   */
  #doors(count, met) {
    const { part, store, outbox, banner, lang: { t } } = this;
    const left = Boolean(store.members.get(store.me ?? '')?.left);
    const talks = store.history.more || outbox.entries.length > 0 ||
      store.timeline.items.some((one) => !store.kinds.isLine(one));
    const words = emptyWords({
      talks, met, state: banner.words, away: banner.away, left, count,
    });
    renewEmpty(part.empty, words, t, () => part.openInvite.click());
    // One way to invite is enough, and who has left has none to give.
    const invites = !left && met && words !== 'alone';
    part.openInvite.hidden = !invites;
    part.left.hidden = !left;
    if (left) this.composer.close();
    return invites;
  }
}
