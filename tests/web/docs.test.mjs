import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import test from 'node:test';

const ROOT = new URL('../../', import.meta.url);
const read = (path) => readFileSync(new URL(path, ROOT), 'utf8');
const model = read('docs/threat-model.md');

/** The tests that the document names, as `path::name`. */
const named = [...model.matchAll(/`((?:tests|src)\/[^`:]+)::([^`]+)`/g)].map(([, path, name]) => ({
  path,
  name,
}));

/** Cells of the tables' rows, without heads and rules. */
const rows = model
  .split('\n')
  .filter((line) => /^\| (?!Promise \||---)/.test(line))
  .map((line) =>
    line
      .slice(1, -1)
      .split(' | ')
      .map((cell) => cell.trim()),
  );

/** Whether a test of this name stands in the file, as its language writes tests. */
function stands(path, name) {
  if (!existsSync(new URL(path, ROOT))) return false;
  const text = read(path);
  if (path.endsWith('.mjs')) return text.includes(`\ntest('${name}'`);
  if (!path.endsWith('.rs')) return text.includes(name);
  const [, attributes] = text.match(
    new RegExp(`((?:^[ \\t]*#\\[.*\\]\\n)+)[ \\t]*(?:async )?fn ${name}\\(`, 'm'),
  ) ?? ['', ''];
  return /#\[(tokio::)?test\b/.test(attributes) && !attributes.includes('#[ignore');
}

test('every test that the threat model names exists', () => {
  assert.ok(named.length > 50, `${named.length} tests are named`);
  const missing = named.filter(({ path, name }) => !stands(path, name));
  assert.deepEqual(missing, []);
});

test('a test counts as named only with its whole name', () => {
  assert.ok(stands('tests/wire/packets.rs', 'json_deeper_than_its_limit_is_refused'));
  assert.ok(!stands('tests/wire/packets.rs', 'json_deeper_than_its_limit'));
  assert.ok(!stands('tests/strangers/flood.rs', 'listener'), 'a function that is no test');
  assert.ok(!stands('tests/nowhere.rs', 'main'));
});

test('every promise of the threat model names its test, or says that there is none', () => {
  assert.ok(rows.length > 50, `${rows.length} promises`);
  const silent = rows.filter(([, shown]) => !/`[^`]+::[^`]+`|not shown by a test yet/.test(shown));
  assert.deepEqual(silent, []);
});
