// Brings the files of other projects that the page ships, and the accessibility check of its tests:
//
//   node tools/vendor.mjs
//
// Takes the packages below at exactly these versions (npm checks what it fetches against the
// registry's checksum), writes what is used of them, their licences, and web/vendor/VENDOR.lock:
// a line per file with package, version, licence, the archive's integrity and the file's SHA-256.

import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const LOCK = 'web/vendor/VENDOR.lock';
const FIGTREE = '@fontsource-variable/figtree';

/** Files as they are: package, path in it, path here. */
const COPIES = [
  ['marked@18.2.1', 'LICENSE', 'web/vendor/marked/LICENSE'],
  [`${FIGTREE}@5.3.0`, 'files/figtree-latin-wght-normal.woff2',
    'web/vendor/figtree/latin.woff2'],
  [`${FIGTREE}@5.3.0`, 'files/figtree-latin-ext-wght-normal.woff2',
    'web/vendor/figtree/latin-ext.woff2'],
  [`${FIGTREE}@5.3.0`, 'LICENSE', 'web/vendor/figtree/LICENSE'],
  ['lucide-static@1.62.0', 'LICENSE', 'web/vendor/lucide/LICENSE'],
  ['emojibase-data@17.0.0', 'LICENSE', 'web/vendor/emoji/LICENSE'],
  ['axe-core@4.14.1', 'axe.min.js', 'tests/page/vendor/axe.min.js'],
  ['axe-core@4.14.1', 'LICENSE', 'tests/page/vendor/LICENSE'],
];

/** Name in the page → name at lucide. */
const ICONS = {
  alert: 'triangle-alert', check: 'check', 'chevron-down': 'chevron-down', clock: 'clock',
  close: 'x', copy: 'copy', download: 'download', info: 'info', 'log-out': 'log-out',
  people: 'users', settings: 'settings-2', send: 'arrow-up', smile: 'smile', up: 'arrow-up',
  'user-plus': 'user-plus',
};

/** Made from a package: package, path here, how. */
const MADE = [
  ['marked@18.2.1', 'web/vendor/marked/marked.js', lexer],
  ['lucide-static@1.62.0', 'web/vendor/lucide/icons.svg', sprite],
  ['emojibase-data@17.0.0', 'web/vendor/emoji/en.json', (folder) => emoji(folder, 'en')],
  ['emojibase-data@17.0.0', 'web/vendor/emoji/pt.json', (folder) => emoji(folder, 'pt')],
];

/** marked without what makes HTML, which the page never does: that is its second half. */
function lexer(folder) {
  const whole = readFileSync(join(folder, 'lib/marked.esm.js'), 'utf8');
  const inside = (name) => new RegExp(`[{,]([\\w$]+) as ${name}[,}]`).exec(whole)[1];
  const end = whole.indexOf(`var ${inside('Renderer')}=class`);
  if (end < 0) throw new Error('marked is not laid out as it was: see what its lexer needs now');
  const names = ['Lexer', 'Tokenizer'].map((name) => `${inside(name)} as ${name}`);
  return `${whole.slice(0, end)}export{${names}};\n`;
}

function sprite(folder) {
  const symbols = Object.entries(ICONS).map(([name, from]) => {
    const drawn = readFileSync(join(folder, 'icons', `${from}.svg`), 'utf8');
    const inside = /<svg[^>]*>([\s\S]*)<\/svg>/.exec(drawn)[1].replace(/\s*\n\s*/g, '');
    return `<symbol id="${name}" viewBox="0 0 24 24">${inside}</symbol>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg">\n${symbols.join('\n')}\n</svg>\n`;
}

/** `[{name, emoji: [[character, label, tags], …]}, …]`: groups in the order of Unicode. */
function emoji(folder, language) {
  const read = (name) => JSON.parse(readFileSync(join(folder, language, name), 'utf8'));
  const names = read('messages.json').groups.filter((group) => group.key !== 'component');
  const all = read('data.json').filter((one) => one.group !== undefined);
  const groups = names.map(({ message, order }) => ({
    name: message,
    emoji: all.filter((one) => one.group === order).sort((a, b) => a.order - b.order)
      .map((one) => [one.emoji, one.label, (one.tags ?? []).join(' ')]),
  }));
  return `${JSON.stringify(groups).replaceAll('],[', '],\n[')}\n`;
}

function sha256(content) {
  return createHash('sha256').update(content).digest('hex');
}

/** Fetches and unpacks a package; returns its folder and what the lock says of it. */
function fetched(name, work) {
  const said = execFileSync('npm', ['pack', '--json', '--pack-destination', work, name]);
  const [pack] = JSON.parse(said);
  const folder = join(work, name.replaceAll(/[@/]/g, '_'));
  mkdirSync(folder);
  execFileSync('tar', ['-xzf', join(work, pack.filename), '-C', folder, '--strip-components=1']);
  const { license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  return { folder, name: pack.name, version: pack.version, license, integrity: pack.integrity };
}

const work = mkdtempSync(join(tmpdir(), 'vendor-'));
const packages = new Map();
const lines = [];
const write = (name, path, make) => {
  if (!packages.has(name)) packages.set(name, fetched(name, work));
  const from = packages.get(name);
  const content = make(from.folder);
  mkdirSync(dirname(join(ROOT, path)), { recursive: true });
  writeFileSync(join(ROOT, path), content);
  lines.push([path, from.name, from.version, from.license, from.integrity,
    `sha256:${sha256(content)}`].join(' '));
};
try {
  for (const [name, from, to] of COPIES) {
    write(name, to, (folder) => readFileSync(join(folder, from)));
  }
  for (const [name, to, make] of MADE) write(name, to, make);
  writeFileSync(join(ROOT, LOCK), `${lines.sort().join('\n')}\n`);
} finally {
  rmSync(work, { recursive: true });
}
