import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { posix } from 'node:path';
import test from 'node:test';

const JS = new URL('../../web/js/', import.meta.url);

/** What the scripts of a folder may import beside its own. What is not named here stands above. */
const MAY = {
  core: [],
  net: ['core'],
  dom: ['core'],
  kinds: ['core', 'dom'],
  dialogs: ['core', 'net', 'dom'],
  log: ['core', 'dom', 'kinds', 'dialogs'],
  compose: ['core', 'dom'],
  people: ['core', 'net', 'dom', 'dialogs'],
  app: ['core', 'net', 'dom', 'kinds', 'dialogs', 'log', 'compose', 'people'],
};
/** What `core` does not know: it is given what it needs of a browser. */
const BROWSER = ['document', 'window', 'navigator', 'localStorage', 'sessionStorage', 'fetch',
  'setTimeout', 'setInterval', 'requestAnimationFrame', 'WebSocket', 'Node', 'HTMLElement'];

/** Every script, by its path below `web/js/`. */
const scripts = new Map(readdirSync(JS, { recursive: true })
  .filter((path) => path.endsWith('.js'))
  .map((path) => [path, readFileSync(new URL(path, JS), 'utf8')]));

const folder = (path) => (path.includes('/') ? path.split('/')[0] : '');

/** What a script imports, as paths below `web/js/`; what is vendored is none. */
const imports = (path, code) => [...code.matchAll(/^(?:import|export)\b[^;]*?from '([^']+)';/gm)]
  .map(([, to]) => posix.join(posix.dirname(path), to)).filter((to) => !to.startsWith('..'));

/** Imports that point upwards, and scripts of folders that nobody knows. */
function upward(all) {
  return [...all].flatMap(([path, code]) => {
    const from = folder(path);
    if (from === '') return [];
    if (!MAY[from]) return [`${path}: no such folder is planned`];
    return imports(path, code).filter((to) => ![from, ...MAY[from]].includes(folder(to)))
      .map((to) => `${path} imports ${to}`);
  });
}

/** A way that leads back to where it began; null where there is none. */
function round(all) {
  const done = new Set();
  const walk = (path, way) => {
    if (way.includes(path)) return [...way.slice(way.indexOf(path)), path];
    if (done.has(path)) return null;
    const found = imports(path, all.get(path) ?? '').map((to) => walk(to, [...way, path]))
      .find(Boolean);
    done.add(path);
    return found ?? null;
  };
  return [...all.keys()].map((path) => walk(path, [])).find(Boolean) ?? null;
}

/** Code without its comments and texts, roughly: enough to look for words. */
const bare = (code) => code.replace(/^\s*(?:\/\/|\/?\*).*$/gm, '').replace(/'[^'\n]*'/g, "''");

/** Words of a browser in `core`. */
const worldly = (all) => [...all].filter(([path]) => folder(path) === 'core')
  .flatMap(([path, code]) => BROWSER
    // Not as a name of a part: `.window`, `window:`, `window() {`.
    .filter((word) => new RegExp(`(?<![\\w.'#])${word}(?!\\w|\\s*:|\\(\\) {)`).test(bare(code)))
    .map((word) => `${path}: ${word}`));

test('imports point down and go round nowhere', () => {
  assert.ok(scripts.size > 50, `${scripts.size} scripts`);
  assert.deepEqual(upward(scripts), []);
  assert.equal(round(scripts), null);
  for (const path of scripts.keys()) {
    for (const to of imports(path, scripts.get(path))) assert.ok(scripts.has(to), `${path}: ${to}`);
  }
});

test('what the page knows and decides needs no browser', () => {
  assert.deepEqual(worldly(scripts), []);
});

test('a planted import upwards, round, or of a browser is found', () => {
  const plant = (path, code) => new Map([...scripts, [path, code]]);
  const up = plant('core/planted.js', "import { el } from '../dom/el.js';\n");
  assert.deepEqual(upward(up), ['core/planted.js imports dom/el.js']);
  const several = plant('log/planted.js', "import {\n  a,\n  b,\n} from '../people/people.js';\n");
  assert.deepEqual(upward(several), ['log/planted.js imports people/people.js']);
  const [first, second] = [["dom/a.js", './b.js'], ['dom/b.js', './a.js']];
  const circle = new Map([first, second].map(([path, to]) => [path, `import { a } from '${to}';`]));
  assert.deepEqual(round(circle), ['dom/a.js', 'dom/b.js', 'dom/a.js']);
  const dom = plant('core/planted.js', "// document\nconst a = 'window';\ndocument.title = a;\n");
  assert.deepEqual(worldly(dom), ['core/planted.js: document']);
  assert.deepEqual(upward(plant('odd/planted.js', '')), [
    'odd/planted.js: no such folder is planned',
  ]);
});
