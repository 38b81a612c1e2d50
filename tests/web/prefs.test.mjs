import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import vm from 'node:vm';

import { applyLook, BAR_COLORS } from '../../web/js/app/looks.js';
import { LANGUAGES } from '../../web/js/core/i18n.js';
import { careful } from '../../web/js/core/outbox.js';
import { CHOICES, PREFIX, Prefs } from '../../web/js/core/prefs.js';

const WEB = new URL('../../web/', import.meta.url);
const read = (name) => readFileSync(new URL(name, WEB), 'utf8');

function memory(entries = {}) {
  const map = new Map(Object.entries(entries));
  return { get: (key) => map.get(key) ?? null, set: (key, value) => map.set(key, value), map };
}

function fakeDocument() {
  const meta = (media) => ({ media: `(prefers-color-scheme: ${media})`, content: '' });
  const metas = [meta('light'), meta('dark')];
  return { documentElement: { dataset: {} }, querySelectorAll: () => metas, metas };
}

test('what is set is there after a reload, and only known values are taken', () => {
  const storage = memory();
  const prefs = new Prefs({ storage });
  prefs.set('theme', 'dark');
  prefs.set('notify', true);
  const again = new Prefs({ storage });
  assert.equal(again.get('theme'), 'dark');
  assert.equal(again.get('notify'), true);
  assert.throws(() => prefs.set('theme', 'pink'), /theme cannot be pink/);
  assert.throws(() => prefs.set('sound', 'true'), /sound cannot be true/);
  assert.throws(() => prefs.get('colour'), /no preference colour/);
});

test('a bad stored value falls back to the default', () => {
  const bad = { theme: 'pink', size: '', notify: 'yes', sound: '1', language: 'fr' };
  const stored = Object.entries(bad).map(([key, value]) => [PREFIX + key, value]);
  const prefs = new Prefs({ storage: memory(Object.fromEntries(stored)) });
  for (const key of Object.keys(bad)) assert.equal(prefs.get(key), CHOICES[key][0], key);
  assert.equal(prefs.get('sound'), false);
});

test('without a storage preferences last as long as the page', () => {
  const prefs = new Prefs({ storage: careful(null) });
  prefs.set('size', 'huge');
  assert.equal(prefs.get('size'), 'huge');
});

test('listeners hear of changes, here and of another tab, and of nothing else', () => {
  const storage = memory();
  const prefs = new Prefs({ storage });
  const heard = [];
  const stop = prefs.subscribe((key, value) => heard.push([key, value]));
  prefs.set('theme', 'dark');
  prefs.set('theme', 'dark');
  storage.set(`${PREFIX}size`, 'large');
  prefs.refresh();
  prefs.refresh();
  stop();
  prefs.set('theme', 'light');
  assert.deepEqual(heard, [['theme', 'dark'], ['size', 'large']]);
});

test('a chosen theme colours the browser too, the automatic one leaves it the choice', () => {
  const document = fakeDocument();
  const prefs = new Prefs({ storage: memory() });
  const colors = () => document.metas.map((meta) => meta.content);
  applyLook(prefs, document);
  assert.deepEqual(colors(), [BAR_COLORS.light, BAR_COLORS.dark]);
  prefs.set('theme', 'dark');
  applyLook(prefs, document);
  assert.deepEqual(colors(), [BAR_COLORS.dark, BAR_COLORS.dark]);
  assert.deepEqual(document.documentElement.dataset, { theme: 'dark', size: 'normal' });
});

test('the look before the first paint is the one that the page keeps', () => {
  const storage = memory();
  const prefs = new Prefs({ storage });
  prefs.set('theme', 'light');
  prefs.set('size', 'large');
  const early = { documentElement: { dataset: {} } };
  const localStorage = { getItem: storage.get };
  vm.runInNewContext(read('js/look.js'), { document: early, localStorage });
  const late = fakeDocument();
  applyLook(prefs, late);
  assert.deepEqual({ ...early.documentElement.dataset }, late.documentElement.dataset);
});

test('every look has its style, every language its file', () => {
  const style = read('css/base.css');
  for (const key of ['theme', 'size']) {
    for (const value of CHOICES[key].slice(1)) {
      assert.ok(style.includes(`:root[data-${key}="${value}"]`), `${key} ${value}`);
    }
  }
  assert.deepEqual(CHOICES.language, ['auto', ...LANGUAGES]);
});

test('the page, its style and its manifest agree on the colours of the bars', () => {
  const { light, dark } = BAR_COLORS;
  assert.ok(read('css/base.css').includes(`--panel: light-dark(${light}, ${dark})`));
  for (const color of [light, dark]) assert.ok(read('index.html').includes(`content="${color}"`));
  assert.equal(JSON.parse(read('app.webmanifest')).theme_color, light);
});
