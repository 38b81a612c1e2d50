// What stands around the log: how it stands with the node, who is here, who types, and whether
// there is anything to read or to write.

import { put } from './el.js';
import { emptyWords, renewEmpty } from './empty.js';
import { counts } from './people.js';
import { isSystem } from './store.js';

export class Around {
  /** The parts of the page that it renews, by name. */
  constructor({ part, store, outbox, lang, banner, people, composer, hints }) {
    Object.assign(this, { part, store, outbox, lang, banner, people, composer, hints });
  }

  /** `met`: the node has answered this page once. */
  renew(connection, met) {
    const { part, store, lang: { t, list }, banner } = this;
    banner.renew(connection, met);
    document.body.classList.toggle('away', banner.away);
    this.people.renew(Date.now(), banner.away);
    const { count, here } = counts(store);
    const now = banner.away ? t('people.away') : t('people.here', { here });
    put(part.circle, store.circle || t('unnamed'));
    put(part.count, count === 0 ? '' : `${t('people.count', { count })} · ${now}`);
    const names = [...store.typing.keys()].map((id) => store.nameOf(id));
    put(part.typing, names.length === 0 ? '' :
      t('typing', { count: names.length, names: list(names) }));
    this.#doors(count, met);
    this.hints.ring();
  }

  /** What is shown where there is nothing to read, or nothing to write any more. */
  #doors(count, met) {
    const { part, store, outbox, banner, lang: { t } } = this;
    const left = Boolean(store.members.get(store.me)?.left);
    const talks = store.more || outbox.entries.length > 0 ||
      store.timeline.items.some((one) => !isSystem(one));
    const words = emptyWords({
      talks, met, state: banner.words, away: banner.away, left, count,
    });
    renewEmpty(part.empty, words, t, part.openInvite.onclick);
    // One way to invite is enough, and who has left has none to give.
    part.invite.hidden = part.openInvite.hidden = left || !met || words === 'alone';
    part.left.hidden = !left;
    if (left) this.composer.close();
  }
}
