import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import test from 'node:test';

import { frames } from '../../web/js/net/frames/index.js';

const ROOT = new URL('../../', import.meta.url);
const read = (path) => readFileSync(new URL(path, ROOT), 'utf8');
const below = (folder) => readdirSync(new URL(folder, ROOT), { recursive: true })
  .filter((path) => /\.(?:js|ts)$/.test(path)).map((path) => folder + path);
const config = JSON.parse(read('tsconfig.json'));

test('the types of every script are checked, as strictly as can be', () => {
  const { allowJs, checkJs, strict, noEmit } = config.compilerOptions;
  assert.deepEqual([allowJs, checkJs, strict, noEmit], [true, true, true, true]);
  assert.deepEqual(config.include, ['web/js', 'types']);
  assert.equal(config.exclude, undefined);
  for (const path of [...below('web/js/'), ...below('types/')]) {
    assert.doesNotMatch(read(path), /@ts-(?:ignore|nocheck|expect-error)/, path);
  }
});

/** Lines of any type: what is made of others' words, or told of rows that only its kind knows. */
const ANY_MAX = 14;

test('what is of any type is counted, and few', () => {
  const isAny = /[{:<=] ?any\b|\bany\[\]/;
  const all = [...below('web/js/'), ...below('types/')].flatMap((path) => read(path).split('\n')
    .filter((line) => isAny.test(line)).map((line) => `${path}: ${line.trim()}`));
  assert.ok(all.length > 0 && all.length <= ANY_MAX, all.join('\n'));
});

test('the types name every frame that the page knows, and no other', () => {
  const [, from] = /export type FromNode =([^;]*);/.exec(read('types/frames.d.ts'));
  const named = from.split('|').map((name) => name.trim()).filter(Boolean).map((name) => {
    const body = new RegExp(`export interface ${name} [^}]*?type: '(\\w+)'`).exec(
      read('types/frames.d.ts'));
    return body?.[1] ?? `${name} has no type`;
  });
  assert.deepEqual(named.sort(), [...frames.keys()].sort());
});

test('nothing of the types is among what is shipped', () => {
  const files = readdirSync(new URL('web/', ROOT), { recursive: true });
  assert.deepEqual(files.filter((path) => /\.ts$|tsconfig|package/.test(path)), []);
});

test('the compiler is pinned, with its checksum', () => {
  const { devDependencies } = JSON.parse(read('tests/web/package.json'));
  const { packages } = JSON.parse(read('tests/web/package-lock.json'));
  for (const [name, version] of Object.entries(devDependencies)) {
    assert.match(version, /^\d+\.\d+\.\d+$/, name);
    assert.equal(packages[`node_modules/${name}`].version, version);
    assert.match(packages[`node_modules/${name}`].integrity, /^sha512-/, name);
  }
});
