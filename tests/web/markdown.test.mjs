import assert from 'node:assert/strict';
import test from 'node:test';

import { parse, plain } from '../../web/js/markdown.js';
import { emojiOnly } from '../../web/js/text.js';

/** The tree on one line: `tag(children)`, a link as `a=address(words)`. */
function shape(parts) {
  return parts.map((part) => {
    if (typeof part === 'string') return part;
    const { tag, attributes, children } = part;
    return `${tag}${attributes.href ? `=${attributes.href}` : ''}(${shape(children)})`;
  }).join('');
}
const is = (text, expected) => assert.equal(shape(parse(text)), expected, JSON.stringify(text));

test('the marks of the subset become elements', () => {
  is('a **b** *c* ~~d~~ `e`', 'a strong(b) em(c) s(d) code(e)');
  is('x\ny', 'x\ny');
  is('one\n\ntwo', 'p(one)p(two)');
  is('> said\n\nanswer', 'blockquote(p(said))p(answer)');
  is('- a\n- **b**\n  - c', 'ul(li(a)li(strong(b)ul(li(c))))');
  is('2. a\n3. b', 'ol(li(a)li(b))');
  is('```js\nlet a;\n\nb\n```', 'pre(code(let a;\n\nb))');
});

test('everything else is shown as it was written', () => {
  const written = ['# hash', 'snake_case_word', '2020. What a year', '    far in', '---',
    'a < b > c',
    '| a | b |\n|---|---|\n| 1 | 2 |', 'title\n=====', '+ 1', '&lt;b&gt; &amp; &#x41;', '1 * 2 * 3',
    '[words]: not-an-address\n[words]', '<b>bold</b>', '2^10', '~5 or ~6'];
  for (const text of written) is(text, text);
});

test('what could run, load or lead elsewhere unseen stays text', () => {
  const hostile = ['<img src=x onerror=alert(1)>', '<script>alert(1)</script>',
    '[x](javascript:alert(1))', '[x](data:text/html,<script>1</script>)', '[x](vbscript:x)',
    '![x](http://tracker.example/x.png)', '[x](//evil.example)', '[x](java\u0000script:1)',
    '<svg onload=alert(1)>', '[x](  JaVaScRiPt:alert(1))', '<a href="javascript:1">x</a>'];
  for (const text of hostile) {
    const walk = (part) => {
      if (typeof part === 'string') return;
      assert.ok(/^(a|p|code|em|span)$/.test(part.tag), `${text}: ${part.tag}`);
      if (part.tag === 'a') assert.match(part.attributes.href, /^(https?:\/\/|mailto:)/, text);
      part.children.forEach(walk);
    };
    parse(text).forEach(walk);
  }
  is('[x](javascript:alert(1))', '[x](javascript:alert(1))');
});

test('a link says where it leads when its words do not', () => {
  is('https://example.org/a_b_c.', 'a=https://example.org/a_b_c(https://example.org/a_b_c).');
  is('https://bank.example@evil.example/',
    'a=https://bank.example@evil.example/(https://bank.example@evil.example/)' +
    'span( (evil.example))');
  is('www.example.org', 'a=http://www.example.org(www.example.org)');
  is('[bank](https://evil.example/x)', 'a=https://evil.example/x(bank)span( (evil.example))');
  is('[https://bank.example](https://evil.example/)',
    'a=https://evil.example/(https://bank.example)span( (evil.example))');
  is('https://bаnk.example/', 'a=https://bаnk.example/(https://bаnk.example/)' +
    'span( (xn--bnk-6cd.example))');
  is('https://EXAMPLE.org/', 'a=https://EXAMPLE.org/(https://EXAMPLE.org/)');
  is('https://bank。example/', 'a=https://bank。example/(https://bank。example/)' +
    'span( (bank.example))');
  is('https://bank.example\\@evil.example', 'a=https://bank.example\\@evil.example' +
    '(https://bank.example\\@evil.example)span( (bank.example))');
});

test('no text is lost, and none nests without end, whatever it is made of', () => {
  const atoms = ['*', '_', '`', '~~', '[', '](', ')', '<', '>', '!', '\\', '|', '#', '- ', '1. ',
    '\n', '\n> ', '\n    ', 'a', '@', 'http://a.b', '://', '&', '```\n', ' '];
  let state = 11;
  const below = (n) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * n);
  };
  const depth = (part) =>
    (typeof part === 'string' ? 0 : 1 + Math.max(0, ...part.children.map(depth)));
  for (let round = 0; round < 400; round += 1) {
    const text = Array.from({ length: 1 + below(60) }, () => atoms[below(atoms.length)]).join('');
    const parts = parse(text);
    const letters = (of) => (of.match(/a/g) ?? []).length;
    assert.ok(letters(shape(parts)) >= letters(text), JSON.stringify(text));
    assert.ok(Math.max(0, ...parts.map(depth)) <= 40, JSON.stringify(text));
  }
});

test('a text that would keep the lexer busy is shown as it was written', () => {
  const heavy = ['*a'.repeat(8_000), '>'.repeat(16_000), `${'a+'.repeat(8_000)}@`,
    ' '.repeat(16_000) + 'x', 'a\n'.repeat(8_000), '> '.repeat(7) + 'x',
    '(https:'.repeat(2_000), '['.repeat(16_000)];
  for (const text of heavy) assert.deepEqual(parse(text), [text]);
  is(`${'* '.repeat(1_001)}https://example.org/.`,
    `${'* '.repeat(1_001)}a=https://example.org/(https://example.org/).`);
});

test('plain words are on one line and without marks', () => {
  assert.equal(plain('**Oi**\n\n- um\n- `dois`\n\n> três'), 'Oi um dois três');
});

test('few emoji alone are counted, other texts are not', () => {
  const counts = { '🎉': 1, '🎉 🎸': 2, '👨‍👩‍👧‍👦': 1, '🇧🇷': 1, '❤️': 1, '👍🏽': 1, '3️⃣': 1 };
  for (const [text, count] of Object.entries(counts)) assert.equal(emojiOnly(text), count, text);
  for (const text of ['1', '#', 'a🎉', '', '😀'.repeat(7), '123', '🎉!']) {
    assert.equal(emojiOnly(text), 0, text);
  }
});
