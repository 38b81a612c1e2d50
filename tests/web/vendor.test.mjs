import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import test from 'node:test';

const ROOT = new URL('../../', import.meta.url);
const read = (path) => readFileSync(new URL(path, ROOT));
const files = (folder) =>
  readdirSync(new URL(folder, ROOT), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(ROOT.pathname, join(entry.parentPath, entry.name)));

const locked = String(read('web/vendor/VENDOR.lock')).trim().split('\n').map((line) => {
  const [path, name, version, licence, integrity, sum] = line.split(' ');
  return { path, name, version, licence, integrity, sum };
});

test('every vendored file is the one that the lock names, and none is unnamed', () => {
  for (const { path, sum, licence, integrity } of locked) {
    const found = createHash('sha256').update(read(path)).digest('hex');
    assert.equal(`sha256:${found}`, sum, path);
    assert.match(licence, /^(MIT|ISC|OFL-1\.1|MPL-2\.0)$/, path);
    assert.match(integrity, /^sha512-/, path);
  }
  const named = new Set([...locked.map((one) => one.path), 'web/vendor/VENDOR.lock']);
  const unnamed = [...files('web/vendor'), ...files('tests/page/vendor')]
    .filter((path) => !named.has(path));
  assert.deepEqual(unnamed, []);
});

test('every vendored package brings its licence', () => {
  for (const { path } of locked) {
    const folder = path.slice(0, path.lastIndexOf('/'));
    assert.ok(existsSync(new URL(`${folder}/LICENSE`, ROOT)), folder);
  }
});
