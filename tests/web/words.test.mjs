import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import test from 'node:test';

import { choose, language, LANGUAGES } from '../../web/js/i18n.js';
import { words } from '../../web/js/receipts.js';

const WEB = new URL('../../web/', import.meta.url);
const texts = (tag) => JSON.parse(readFileSync(new URL(`lang/${tag}.json`, WEB), 'utf8'));
const slots = (text) => [...text.matchAll(/\{\w+\}/g)].map(String).sort();

test('every language has the same keys with the same slots', () => {
  const first = texts(LANGUAGES[0]);
  for (const tag of LANGUAGES.slice(1)) {
    const other = texts(tag);
    assert.deepEqual(Object.keys(other).sort(), Object.keys(first).sort());
    for (const key of Object.keys(first)) {
      assert.deepEqual(slots(other[key]), slots(first[key]), `${tag} ${key}`);
      assert.notEqual(other[key].trim(), '');
    }
  }
});

test('every key the code names is there', () => {
  const known = Object.keys(texts('en'));
  for (const file of readdirSync(new URL('js/', WEB))) {
    const code = readFileSync(new URL(`js/${file}`, WEB), 'utf8');
    for (const [, key] of code.matchAll(/\bt\('([a-z.-]+)'/g)) {
      const found = known.includes(key) || known.includes(`${key}.other`);
      assert.ok(found, `${file} names ${key}`);
    }
  }
});

test('the language follows the first wish that can be met', () => {
  assert.equal(choose(['fr', 'pt-PT', 'en']), 'pt-BR');
  assert.equal(choose(['en-GB', 'pt-BR']), 'en');
  assert.equal(choose(['ja']), 'en');
  assert.equal(choose([]), 'en');
});

test('a receipt is told in words', () => {
  const en = language('en', texts('en'), 'UTC').t;
  const say = (state, of, have) => words({ state, of, have: Array(have).fill({}) }, en);
  assert.equal(say('kept', 0, 0), 'kept here');
  assert.equal(say('kept', 3, 0), 'kept here');
  assert.equal(say('kept', 3, 2), '2 of 3 have it');
  assert.equal(say('delivered', 3, 3), 'delivered to all 3');
  assert.equal(say('delivered', 1, 1), 'delivered');
  assert.equal(say('read', 3, 3), 'read by all');
  const pt = language('pt-BR', texts('pt-BR'), 'UTC').t;
  assert.equal(words({ state: 'delivered', of: 3, have: [] }, pt), 'entregue a todos os 3');
});

test('an arrival of another day names the day', () => {
  const lang = language('en', texts('en'), 'UTC');
  const now = Date.UTC(2026, 10, 20, 12);
  assert.match(lang.when(now - 3_600_000, now), /^at 11:00.AM$/);
  assert.match(lang.when(now - 86_400_000, now), /^Yesterday, 12:00.PM$/);
  assert.equal(lang.day(now, now), 'Today');
});
