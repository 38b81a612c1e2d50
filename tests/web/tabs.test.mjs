import assert from 'node:assert/strict';
import test from 'node:test';

import { Store } from '../../web/js/core/store.js';
import { Tabs } from '../../web/js/core/tabs.js';
import { kinds } from '../../web/js/kinds/index.js';
import { id } from './fake-node.mjs';
import { manual } from './page.mjs';

const ME = id('a');
const B = id('b');

/** What a tab knows of a circle in which one message is not read. */
function store() {
  const held = new Store({ kinds });
  held.welcome({
    epoch: 'e', me: ME, arrival: 2, more: false, store: 'ok',
    members: [{ id: ME, since: `1.${ME}` }],
    messages: [{
      id: `${B}:2`, author: B, seq: 2, lamport: 2, at: 1, kind: 'text', text: 'oi', arrival: 2,
      arrived_at: 1, state: 'kept', final: false,
    }],
    read: { behind: { [B]: 1 }, count: 1, first: `2.${B}`, more: false },
  });
  return held;
}

test('tabs tell each other what was read, and one in view answers for the others', async () => {
  const timers = manual();
  const stores = [store(), store()];
  const seat = { watched: false };
  const heard = [];
  const channels = [new BroadcastChannel('test'), new BroadcastChannel('test')];
  const tabs = stores.map((held, at) => new Tabs({
    channel: channels[at], timers, store: held, watched: () => at === 1 && seat.watched,
    onRead(marks) {
      held.reading.take(marks);
      heard.push(marks);
    },
  }));
  const said = (at) => new Promise((done) => {
    channels[at].addEventListener('message', done, { once: true });
  });
  let told_ = 0;
  const asked = said(1);
  tabs[0].unlessWatched(() => { told_ += 1; });
  await asked;
  timers.fire();
  assert.equal(told_, 1, 'nobody looks at either');
  seat.watched = true;
  const answered = said(0);
  tabs[0].unlessWatched(() => { told_ += 1; });
  await answered;
  timers.fire();
  assert.equal(told_, 1, 'the other tab shows it');
  const read = said(0);
  stores[1].reading.see([`${B}:2`]);
  tabs[1].read(stores[1].reading.tell());
  await read;
  assert.deepEqual(heard, [{ [B]: 2 }]);
  assert.equal(stores[0].reading.count, 0, 'what is read there is not unread here');
  for (const channel of channels) channel.close();
});
