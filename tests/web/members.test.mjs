import assert from 'node:assert/strict';
import test from 'node:test';

import { mesh } from '../../web/js/core/mesh.js';
import { lookAlikes, skeletons } from '../../web/js/core/names.js';
import { Store } from '../../web/js/core/store.js';
import { hues } from '../../web/js/core/text.js';
import { kinds } from '../../web/js/kinds/index.js';
import { around } from '../../web/js/dom/ring.js';
import { frames } from '../../web/js/net/frames/index.js';
import { box } from '../../web/js/people/picture.js';
import { id } from './fake-node.mjs';

const alike = (a, b) => skeletons(a).some((key) => skeletons(b).includes(key));

test('names that the eye takes for one another are alike, different ones are not', () => {
  const pairs = [
    ['Ana', 'ANA'], ['Ana', 'Аna'], ['Ana', 'Ána'], ['Iara', 'lara'], ['Iara', '1ara'],
    ['Bento', 'Bent0'], ['Tom', 'T om'], ['Tom', 'To\u200bm'], ['Mara', 'Marа.'],
    ['Carmo', 'Carrno'], ['علی\u200cرضا', 'علیرضا'], ['Bento', 'Вentо'],
  ];
  for (const [one, other] of pairs) assert.ok(alike(one, other), `${one} ${other}`);
  for (const [one, other] of [['Iara', 'Lara'], ['Ana', 'Anna'], ['Jo', 'Lo'], ['Tom', 'Tim']]) {
    assert.ok(!alike(one, other), `${one} ${other}`);
  }
});

test('no letters of others, and nothing unseen, make a name another', () => {
  const poses = {
    'other scripts': ['Мarina', 'Mаrinа', 'ΜArina', 'Ꮇarina', 'Mаriոa', 'Mαrιna', 'Mɑrına'],
    'other forms': ['Ｍａｒｉｎａ', '𝓜𝓪𝓻𝓲𝓷𝓪', 'Ⓜⓐⓡⓘⓝⓐ', 'ᴍᴀʀɪɴᴀ', 'Maŕína', 'M̸a̸r̸i̸n̸a̸', 'ᵐarina'],
    'not seen': ['Mari\u200bna', 'Marina\u3164', '\uffa0Marina', 'Marina\u2800', 'Mar\u00adina',
      'Mari\u2060na', 'Mari\u200cna', 'Mari\u200dna',
      'Marina\u{e0041}', 'Mari\ufe0fna', 'Marina\u034f', 'Mar\u115fina',
      'Marina\ue000', 'Marina\u180e', 'Marina\u0378'],
    direction: ['\u202eMarina\u202c', '\u2066Marina\u2069', 'Mari\u200fna', 'Marina\u061c'],
    controls: ['Mari\u0000na', 'Marina\u0007', 'Marina\u009f', '\u001bMarina'],
    space: ['Marina ', ' Marina', 'Ma rina', 'Marina\u00a0', 'Marina\u3000', 'Marina\t'],
    'marks beside': ['Marina.', 'Marina`', 'Marina´', 'Marina˙', '(Marina)', 'Marina—', 'Ma-rina'],
    together: ['Мａrіnɑ\u3164', 'Marınа\u200b', '\u2066Ｍаrіna\u2800.'],
  };
  for (const [way, names] of Object.entries(poses)) {
    for (const name of names) {
      const found = lookAlikes([{ id: id('a'), name: 'Marina' }, { id: id('b'), name }]);
      assert.equal(found.size, 1, `${way}: ${JSON.stringify(name)}`);
    }
  }
  const pairs = [['Nina', 'Νina'], ['Hugo', 'Ηugo'], ['Yara', 'Υara'], ['Zoe', 'Ζoe'],
    ['Iara', 'lаra'], ['Wanda', 'VVanda'], ['Omar', '0mаr'], ['Søren', 'Soren'], ['Łucja', 'Lucja'],
    ['Сора', 'Copa'], ['Li', 'LI'], ['Ian', '1аn'], ['Eve', 'Ꭼve'], ['Пётр', 'ПЁТР']];
  for (const [one, other] of pairs) assert.ok(alike(one, other), `${one} ${other}`);
  for (const [one, other] of [['Nina', 'Vina'], ['Hugo', 'Nugo'], ['Юля', 'Оля'], ['王', '玉'],
    ['Μαρία', 'Ελένη'], ['Anna', 'Hanna'], ['\u{1f600}', '\u{1f601}'], ['Clara', 'Dara']]) {
    assert.ok(!alike(one, other), `${one} ${other}`);
  }
});

test('the later of two keys with one name is flagged, whoever is listed first', () => {
  const [a, b, c] = ['a', 'b', 'c'].map(id);
  const found = lookAlikes([{ id: a, name: 'Ana' }, { id: b, name: 'Bo' }, { id: c, name: 'ana' }]);
  assert.deepEqual([...found], [[c, a]]);
  const store = new Store({ kinds });
  store.setMembers({ members: [
    { id: a, name: 'Ana', since: `9.${a}` }, { id: c, name: 'Ana', since: `2.${c}`, left: true },
  ] });
  assert.deepEqual([...store.alike], [[a, c]], 'who has left keeps the name');
});

test('a nameless member is taken for nobody', () => {
  assert.equal(lookAlikes([{ id: id('a'), name: '' }, { id: id('b'), name: ' ' }]).size, 0);
});

test('twelve members have twelve hues, and a newcomer changes nobody’s', () => {
  const ids = Array.from({ length: 12 }, (_, index) => `${index % 3}${'0'.repeat(62)}${index}`);
  const all = hues(ids);
  assert.equal(new Set(all.values()).size, 12);
  const before = hues(ids.slice(0, 11));
  for (const [member, hue] of before) assert.equal(all.get(member), hue);
  assert.equal(hues([...ids, 'f'.repeat(64)]).size, 13, 'a thirteenth shares one');
});

test('the picture of the mesh ends where its members do', () => {
  const heights = [2, 3, 4, 5, 6].map((count) =>
    Number(box(around(count, 110, 87), 17).split(' ')[3]));
  assert.deepEqual(heights, [220, 177, 220, 203, 220], 'three and five leave no strip below');
});

test('the mesh draws each live link once, and none of the absent', () => {
  const [a, b, c, d] = ['a', 'b', 'c', 'd'].map(id);
  const member = (of, more) => [of, { id: of, online: false, via: null, links: [], ...more }];
  const members = new Map([
    member(d, { links: [b, c] }), member(b, { online: true, links: [a, c] }),
    member(c, { via: b, links: [b, d] }), member(a, { links: [b] }),
    member(id('e'), { left: true, links: [a] }),
  ]);
  const { shown, links } = mesh(members, a);
  assert.deepEqual(shown.map((one) => one.id), [a, b, c, d], 'oneself first, the left not at all');
  const named = links.map((pair) => pair.map((at) => shown[at].id[0]).sort().join(''));
  assert.deepEqual(named.sort(), ['ab', 'bc']);
});

test('a large circle comes in several frames, and later only who has changed', () => {
  const store = new Store({ kinds });
  const member = (name, changes) => ({ id: id(name), name, links: [], ...changes });
  const welcome = {
    epoch: 'e', me: id('a'), arrival: 0, circle: 'roda', messages: [], members: [member('a')],
    rest: 1,
  };
  const changed = (members, circle = 'roda') =>
    frames.get('members_changed').take({ circle, members }, { store });
  const names = () => [...store.members.values()].map((one) => one.name).sort().join('');
  store.welcome(welcome);
  changed([member('b', { since: `2.${id('b')}` }), member('c')]);
  assert.equal(names(), 'abc');
  assert.deepEqual(store.members.get(id('b')).since, { lamport: 2, author: id('b') });
  changed([member('b', { rtt_ms: 4 })]);
  assert.equal(names(), 'abc');
  assert.equal(store.members.get(id('b')).rtt_ms, 4);
  frames.get('heard').take({ members: {
    [id('b')]: { rtt_ms: 7, last_heard: 5 }, [id('z')]: { rtt_ms: 1, last_heard: 1 },
  } }, { store });
  assert.equal(names(), 'abc', 'who is not known is not made up');
  const { rtt_ms, last_heard, since } = store.members.get(id('b'));
  assert.deepEqual([rtt_ms, last_heard], [7, 5]);
  assert.equal(since, null, 'of the member as it was told last');
  changed([], 'os muitos');
  assert.equal(store.circle, 'os muitos');
  store.welcome({ ...welcome, circle: 'os muitos' });
  assert.equal(names(), 'abc', 'nobody is forgotten while the link was lost');
  store.welcome({ ...welcome, epoch: 'f' });
  assert.equal(names(), 'a', 'another store is another circle to the page');
  store.setMembers({ members: [member('c')] });
  assert.equal(names(), 'c', 'the whole list stands for itself');
});
