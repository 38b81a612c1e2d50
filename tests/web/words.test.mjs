import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import test from 'node:test';

import { choose, clockLocale, language, LANGUAGES, moment } from '../../web/js/core/i18n.js';
import { words } from '../../web/js/core/receipts.js';

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
  for (const file of readdirSync(new URL('js/', WEB), { recursive: true })) {
    if (!file.endsWith('.js')) continue;
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

test('days are the calendar’s, also where one has 23 or 25 hours', () => {
  const lang = language('en', texts('en'), 'America/New_York');
  const at = (...parts) => Date.UTC(2026, ...parts);
  // The clocks went forward in the night to 8 March, and went back in that to 1 November.
  const night = at(2, 9, 4, 30);
  assert.equal(lang.day(at(2, 7, 23), night), 'Saturday, March 7');
  assert.equal(lang.day(at(2, 9, 3, 59), night), 'Yesterday');
  assert.equal(lang.day(at(2, 9, 4, 1), night), 'Today');
  assert.equal(lang.day(at(10, 1, 4, 30), at(10, 2, 4, 45)), 'Today');
  assert.equal(lang.day(at(10, 1, 3, 30), at(10, 2, 4, 45)), 'Yesterday');
  assert.equal(lang.day(at(10, 1, 5, 30), at(10, 2, 5, 15)), 'Yesterday');
  assert.equal(lang.ago(at(2, 7, 23), at(2, 9, 13)), '2 days ago');
  assert.equal(lang.ago(at(2, 8, 12), at(2, 9, 13)), 'yesterday');
});

test('a time that no clock has is unknown, and nothing fails', () => {
  for (const tag of LANGUAGES) {
    const lang = language(tag, texts(tag), 'UTC');
    const unknown = lang.t('time.unknown');
    for (const at of [8_640_000_000_000_001, Number.MAX_SAFE_INTEGER, -8_640_000_000_000_001,
      NaN, Infinity, undefined, null, '1', {}]) {
      const now = Date.UTC(2026, 10, 20);
      for (const write of ['time', 'day', 'when', 'ago', 'full', 'stamp']) {
        assert.equal(lang[write](at, now), unknown, `${write} ${at}`);
      }
      assert.equal(lang.dayKey(at), null);
      assert.equal(moment(at), null);
    }
    for (const at of [0, 8_640_000_000_000_000]) {
      assert.notEqual(lang.full(at), unknown);
      assert.equal(typeof moment(at), 'string');
    }
  }
});

test('times and dates are written the browser’s way, in the page’s words', () => {
  const evening = Date.UTC(2026, 10, 9, 22);
  const written = (tag, wish) => {
    const lang = language(tag, texts(tag), 'UTC', clockLocale(tag, wish));
    return [lang.time(evening), lang.day(evening, 0), lang.stamp(evening).slice(0, 5)]
      .map((text) => text.replace(/\s/g, ' '));
  };
  assert.deepEqual(written('en', 'en-US'), ['10:00 PM', 'November 9, 2026', '11/9/']);
  assert.deepEqual(written('en', 'en-GB'), ['22:00', '9 November 2026', '09/11']);
  for (const wish of ['de', 'de-AT', 'fr', 'es', 'ru']) {
    assert.deepEqual(written('en', wish).slice(0, 2), ['22:00', '9 November 2026'], wish);
  }
  assert.equal(written('en', 'ja')[0], '22:00');
  assert.equal(written('en', 'hi')[0], '10:00 pm');
  assert.deepEqual(written('pt-BR', 'pt-BR'), ['22:00', '9 de novembro de 2026', '09/11']);
  assert.deepEqual(written('pt-BR', 'pt-PT').slice(0, 2), ['22:00', '9 de novembro de 2026']);
  assert.match(written('pt-BR', 'en-US')[0], /^10:00/);
  assert.equal(clockLocale('en', 'no such thing'), 'en');
  assert.equal(clockLocale('en', undefined), 'en');
});
