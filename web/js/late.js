// Messages that arrived late: a pill that counts them, leads to them, and back to where the reader
// was.

import { put } from './el.js';

/** The pill stays at least this long (ms), also where the messages are already in sight. */
const STAY_MS = 10_000;

export class LatePill {
  constructor({ part, store, log, lang }) {
    Object.assign(this, { part, store, log, lang, count: 0, since: 0, back: null });
    part.lateGo.onclick = () => (this.back ? this.#return() : this.#go());
    part.lateClose.onclick = () => this.dismiss();
  }

  /** So many have arrived. */
  add(count) {
    if (count === 0) return;
    this.count += count;
    this.since = performance.now();
    this.back = null;
  }

  #go() {
    const { store, log } = this;
    const first = log.earliest(store.lateUnseen.keys());
    this.back = log.place();
    store.lateBeyond = 0;
    if (first) log.reveal(first);
    else log.toStart();
    this.renew();
  }

  #return() {
    this.log.restore(this.back);
    this.dismiss();
  }

  dismiss() {
    this.store.lateSeen([...this.store.lateUnseen.keys()]);
    Object.assign(this, { count: 0, back: null });
    this.store.lateBeyond = 0;
    this.renew();
  }

  /** Shows what is still to be seen. */
  renew() {
    const { part, store, lang } = this;
    const unseen = store.lateUnseen.size + store.lateBeyond;
    const rest = STAY_MS - (performance.now() - this.since);
    if (this.count > 0 && unseen === 0 && !this.back) {
      clearTimeout(this.timer);
      if (rest <= 0) this.count = 0;
      else this.timer = setTimeout(() => this.renew(), rest + 1);
    }
    part.late.hidden = this.count === 0 && !this.back;
    const words = this.back ? `${lang.t('late.back')} ↓`
      : `${lang.t('late.notice', { count: this.count })} ↑`;
    put(part.lateGo, words);
  }
}
