import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';

import { search } from '../../web/js/compose/emoji.js';

const groups = (language) => JSON.parse(
  readFileSync(new URL(`../../web/vendor/emoji/${language}.json`, import.meta.url), 'utf8'));
const found = (language, words) => search(groups(language), words).map(([character]) => character);

test('emoji are found by name and tag in both languages, whatever the case and accents', () => {
  assert.ok(found('en', 'guitar').includes('🎸'));
  assert.equal(found('pt', 'violao')[0] ?? found('pt', 'guitarra')[0], '🎸');
  assert.deepEqual(found('pt', 'CORAÇÃO vermelho'), found('pt', 'coracao VERMELHO'));
  assert.ok(found('pt', 'coração vermelho').includes('❤️'));
  assert.deepEqual(found('en', '  '), []);
  assert.deepEqual(found('en', 'zzzz'), []);
});

test('names that begin with the word come first, and the list is bounded', () => {
  assert.equal(found('en', 'dog')[0], '🐶');
  assert.ok(found('en', 'a').length <= 64);
});

test('both languages have the same emoji in the same groups', () => {
  const characters = (language) => groups(language).map((one) => one.emoji.map(([c]) => c));
  assert.deepEqual(characters('pt'), characters('en'));
});
