// The element of a row.

import { guarded } from '../core/guard.js';
import { moment } from '../core/i18n.js';
import { initial } from '../core/text.js';
import { el, icon } from '../dom/el.js';
import { receiptRing } from '../dom/ring.js';

/**
 * @import {
 *   AnyRow, MessageRow, Meta, RowTools, UnsentRow
 * } from '../../../types/page'
 */

/**
 * Makes a row's element. `tools`: `kinds`, `retry(ref)`, `remove(ref)`, `again(wanted)`, `t`,
 * `unfolded`, the keys of long messages that the reader has opened, and `onUnfold()`.
 * @param {AnyRow} row
 * @param {RowTools} tools
 * @returns {HTMLElement}
 */
export function build(row, tools) {
  return guarded(row.key, () => made(row, tools),
    () => made({ ...row, kind: 'broken', text: tools.t('kind.broken') }, tools));
}

/**
 * @param {AnyRow} row
 * @param {RowTools} tools
 */
function made(row, tools) {
  if (row.kind === 'system') {
    return el('li', { class: 'system', 'data-id': row.id, tabindex: -1 },
      el('bdi', {}, sentence(row.text)), ' ', stamp(row));
  }
  if ('said' in row && row.kind === 'message') return message(row, tools);
  if ('ref' in row && row.kind === 'unsent') return waiting(row, tools);
  if ('wanted' in row && row.kind === 'failed') {
    return el('li', { class: 'system again', tabindex: -1 },
      el('span', { role: 'alert' }, row.text), ' ',
      el('button', { type: 'button', class: 'small', onclick: () => tools.again(row.wanted) },
        row.again));
  }
  const place = row.id ? { 'data-id': row.id, tabindex: -1 } : {};
  return el('li', { class: row.kind, ...place }, el('span', {}, row.text));
}

/**
 * A sentence whose names, between isolates, run their own way.
 * @param {string} text
 */
function sentence(text) {
  return text.split(/[\u2068\u2069]/).map((part, at) => (at % 2 ? el('bdi', {}, part) : part));
}

/**
 * Renews the time and mark of a message's element; a row that could not be made has none.
 * @param {HTMLElement} element
 * @param {AnyRow} row
 */
export function renewMeta(element, row) {
  guarded(`${row.key} renewed`,
    () => 'meta' in row && element.querySelector('.meta')?.replaceWith(meta(row.meta)), () => {});
}

/** @param {Pick<Meta, 'open' | 'quiet'> & { at?: number, time?: string }} of */
function stamp({ at, time, open, quiet }) {
  const classes = [open && 'open', quiet && 'vh'].filter(Boolean).join(' ');
  return el('time', { datetime: moment(at), class: classes || null, title: open }, time);
}

/**
 * A quiet one is heard, and seen only with the actions; a mark always stays.
 * @param {Meta} of
 */
function meta(of) {
  const classes = ['meta', of.quiet && 'quiet', of.quiet && !of.mark && 'vh'];
  return el('span', { class: classes.filter(Boolean).join(' ') }, stamp(of), of.mark && el('span', {
    class: 'mark', 'data-mark': of.mark.state, title: of.words,
  }, receiptRing({ ...of.mark, have: { length: of.mark.have } }),
  el('span', { class: 'vh' }, `, ${of.words}`)));
}

/**
 * @param {MessageRow} row
 * @param {RowTools} tools
 */
function message(row, tools) {
  const kind = tools.kinds.of({ kind: row.said });
  const classes = ['m', row.own && 'own', row.first && 'first', row.last && 'last',
    kind.isBare?.(row) && 'bare'];
  const shown = kind.show?.(row, tools) ?? [];
  const who = el('span', { class: row.first && !row.own ? 'who' : 'vh' },
    el('bdi', {}, row.name), row.alike && el('code', {}, row.alike),
    el('span', { class: 'vh' }, ': '));
  return el('li', {
    class: classes.filter(Boolean).join(' '), 'data-id': row.id, tabindex: -1,
  },
  !row.own && avatar(row),
  el('div', { class: `b ${row.hue}` }, who,
    row.folded ? el('details', {}, el('summary', {}, row.folded),
      el('p', { class: 'why' }, row.why), shown) : shown,
    meta(row.meta),
    row.newer && el('div', { class: 'newer' }, row.newer),
    row.late && el('div', { class: 'late' }, icon('up'), row.late)));
}

/** @param {MessageRow} row */
function avatar(row) {
  const classes = row.last ? `dot ${row.hue}` : 'dot empty';
  return el('span', { class: classes, 'aria-hidden': 'true' }, row.last && initial(row.name));
}

/**
 * @param {UnsentRow} row
 * @param {RowTools} tools
 */
function waiting(row, tools) {
  // What waits is a text.
  const kind = tools.kinds.of({ kind: 'text' });
  /** @type {(label: string, action: (ref: string) => void) => HTMLElement} */
  const button = (label, action) =>
    el('button', { type: 'button', class: 'small', onclick: () => action(row.ref) }, label);
  const classes = ['m own last unsent', row.first && 'first', row.failed && 'failed',
    kind.isBare?.(row) && 'bare'];
  return el('li', {
    class: classes.filter(Boolean).join(' '), 'data-ref': row.ref, tabindex: -1,
  },
  el('div', { class: 'b' }, el('span', { class: 'vh' }, `${row.you}: `), kind.show?.(row, tools),
    el('span', { class: 'meta' }, el('span', { class: 'mark', 'data-mark': 'waiting' },
      icon(row.failed ? 'alert' : 'clock'),
      el('span', { class: row.failed ? null : 'vh' }, row.mark))),
    row.why && el('div', { class: 'why' }, row.why),
    row.failed && el('div', { class: 'choices' }, button(row.retry, tools.retry),
      button(row.remove, tools.remove))));
}
