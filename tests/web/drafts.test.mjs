import assert from 'node:assert/strict';
import test from 'node:test';

import { Drafts, DRAFTS_MAX } from '../../web/js/core/drafts.js';
import { careful } from '../../web/js/core/outbox.js';

function memory(map = new Map()) {
  return careful({
    get length() { return map.size; },
    key: (index) => [...map.keys()][index],
    getItem: (key) => map.get(key) ?? null,
    setItem: (key, value) => map.set(key, value),
    removeItem: (key) => map.delete(key),
  });
}

/** A browser with tabs: `tab(session)` opens one, or loads one anew with the session it had. */
function browser() {
  const storage = memory();
  let serial = 0;
  const newRef = () => `tab-${++serial}`;
  const now = () => ++serial;
  const tab = (session = new Map(), me = 'me') => {
    const drafts = new Drafts({ storage, session: memory(session), newRef, now });
    const shown = drafts.text;
    const other = me && drafts.enter(me, new Map([[me, {}]]));
    return { drafts, session, shown: other ?? shown };
  };
  const reload = ({ drafts, session }, me) => {
    drafts.leave();
    return tab(session, me);
  };
  return { tab, reload, storage };
}

test('what another tab sends leaves the draft of this one', () => {
  const { tab, reload } = browser();
  const a = tab();
  a.drafts.keep('half a thought');
  const b = tab();
  assert.equal(b.shown, '', 'a tab that is open keeps its draft to itself');
  b.drafts.keep('oi');
  b.drafts.sent('oi');
  assert.equal(a.drafts.taken(), false);
  assert.equal(reload(a).shown, 'half a thought');
  assert.equal(reload(b).shown, '');
});

test('a draft that was sent leaves every tab that has it', () => {
  const { tab, reload } = browser();
  const a = tab();
  a.drafts.keep('written once');
  const copy = tab(new Map(a.session));
  assert.equal(copy.shown, 'written once', 'a tab that is doubled has the draft too');
  copy.drafts.sent('written once');
  assert.equal(a.drafts.taken(), true);
  assert.equal(reload(a).shown, '');
  assert.equal(reload(copy).shown, '');
});

test('a doubled tab writes a draft of its own', () => {
  const { tab, reload } = browser();
  const a = tab();
  a.drafts.keep('one');
  const copy = tab(new Map(a.session));
  copy.drafts.keep('another');
  assert.equal(reload(a).shown, 'one');
  assert.equal(reload(copy).shown, 'another');
});

test('the draft of a tab that was closed is found by the next', () => {
  const { tab } = browser();
  const a = tab();
  a.drafts.keep('not yet said');
  a.drafts.leave();
  assert.equal(tab().shown, 'not yet said');
  assert.equal(tab().shown, '', 'and by one alone');
});

test('a page that comes back does not bring a draft that another tab took', () => {
  const { tab } = browser();
  const a = tab();
  a.drafts.keep('taken over');
  a.drafts.leave();
  const b = tab();
  b.drafts.sent('taken over');
  assert.equal(a.drafts.back(), true);
  assert.equal(a.drafts.text, '');
  assert.equal(tab().shown, '');
});

test('what was begun in one circle is not shown in another, and waits there', () => {
  const { tab, reload } = browser();
  let a = tab(new Map(), 'family');
  a.drafts.keep('for the family');
  a = reload(a, 'work');
  assert.equal(a.shown, '');
  a.drafts.keep('for the colleagues');
  a = reload(a, 'family');
  assert.equal(a.shown, 'for the family');
  assert.equal(reload(a, 'work').shown, 'for the colleagues');
});

test('a node that begins anew in its circle finds the draft again', () => {
  const { tab, reload } = browser();
  const a = tab(new Map(), 'first life');
  a.drafts.keep('still to be said');
  a.drafts.leave();
  const again = tab(a.session, null);
  assert.equal(again.shown, 'still to be said', 'before the node has said who it is');
  const members = new Map([['first life', {}], ['second life', {}]]);
  assert.equal(again.drafts.enter('second life', members), null);
  assert.equal(reload(again, 'second life').shown, 'still to be said');
});

test('the one draft of before is taken over', () => {
  const { tab, storage } = browser();
  storage.set('roda.draft', 'of an older page');
  assert.equal(tab().shown, 'of an older page');
  assert.equal(tab().shown, '');
});

test('drafts are few, and without a storage the page goes on', () => {
  const { tab, storage } = browser();
  for (let n = 0; n < 2 * DRAFTS_MAX; n += 1) tab().drafts.keep(`draft ${n}`);
  assert.equal(storage.keys().length, DRAFTS_MAX);
  const none = careful(null);
  const alone = new Drafts({ storage: none, session: none, newRef: () => 't', now: () => 1 });
  alone.keep('kept as long as the page');
  assert.equal(alone.back(), false);
  assert.equal(alone.text, 'kept as long as the page');
});
