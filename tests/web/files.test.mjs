import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import test from 'node:test';

import { FakeNode } from './fake-node.mjs';

const WEB = new URL('../../web/', import.meta.url);

test('everything the page asks for is served', async () => {
  const node = new FakeNode();
  const port = await node.listen();
  try {
    const pending = ['/'];
    const done = new Set();
    while (pending.length > 0) {
      const path = pending.pop();
      if (done.has(path)) continue;
      done.add(path);
      const answer = await fetch(`http://127.0.0.1:${port}${path}`);
      assert.equal(answer.status, 200, path);
      const text = await answer.text();
      for (const [, next] of text.matchAll(/(?:from|href=|src=|src:) ?['"](\/?[\w./-]+\.\w+)/g)) {
        pending.push(new URL(next, `http://node${path}`).pathname);
      }
    }
    for (const one of ['/js/core/timeline.js', '/icon.svg', '/css/base.css']) {
      assert.ok(done.has(one), one);
    }
  } finally {
    await node.close();
  }
});

test('nothing in the page needs what its policy forbids', () => {
  const page = readFileSync(new URL('index.html', WEB), 'utf8');
  assert.doesNotMatch(page, /<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)/);
  for (const file of readdirSync(new URL('js/', WEB), { recursive: true })) {
    if (!file.endsWith('.js')) continue;
    const code = readFileSync(new URL(`js/${file}`, WEB), 'utf8');
    const banned = /innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function/;
    assert.doesNotMatch(code, banned, file);
    assert.doesNotMatch(code, /setAttribute\('style'|document\.cookie/, file);
  }
});
