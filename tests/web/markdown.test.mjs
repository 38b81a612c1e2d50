import assert from 'node:assert/strict';
import test from 'node:test';

import { parse, plain } from '../../web/js/core/markdown.js';
import { emojiOnly } from '../../web/js/core/text.js';
import { Lexer } from '../../web/vendor/marked/marked.js';

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
  const written = ['def f(x):\n    if x:\n        return 1', '    four\n  two\n\tend\n next',
    '¯\\_(ツ)_/¯', 'C:\\_temp\\*.txt on \\\\server\\share', 'foo\\.bar \\*a\\* end\\\nnext',
    '12~15 or 20~25', 'PATH=~/bin:~/go/bin', '~5 or ~6~',
    'see __init__.py and __main__ _a_ ___b___',
    '2*3*4 and 2**3**4', 'f(*args, **kwargs)', 'a*b, c*d', '01. a\n02. b',
    '# hash', 'snake_case_word', '2020. What a year', '    far in', '---',
    'a < b > c',
    '| a | b |\n|---|---|\n| 1 | 2 |', 'title\n=====', '+ 1', '&lt;b&gt; &amp; &#x41;', '1 * 2 * 3',
    '[words]: not-an-address\n[words]', '<b>bold</b>', '2^10', '~5 or ~6'];
  for (const text of written) is(text, text);
});

test('blank lines within a text are kept, also more than one', () => {
  is('one\n\n\n\ntwo', 'p(one)p(\n\ntwo)');
  is('# a\n\n\n\nb\n\n\n- c', 'p(# a)p(\n\nb)p(\n)ul(li(c))');
  is('```\na\n```\n\n\nb', 'pre(code(a))p(\nb)');
});

test('marks work beside punctuation and in scripts without spaces', () => {
  is('(**a**), *b*!', '(strong(a)), em(b)!');
  is('这是**重点**内容', '这是strong(重点)内容');
  is('**중요**한', 'strong(중요)한');
});

test('what is indented in a list or quote keeps its indentation', () => {
  is('- def f(x):\n      if x:\n          return 1',
    'ul(li(def f(x):\n    if x:\n        return 1))');
  is('> a\n>     b', 'blockquote(p(a\n    b))');
});

test('an answer after a quote or a list is no part of it', () => {
  is('> said\nanswer', 'blockquote(p(said))p(answer)');
  is('- milk\n- bread\nWho goes?', 'ul(li(milk)li(bread))p(Who goes?)');
});

test('numbers of a list stay those that were written', () => {
  const values = (text) => parse(text)[0].children.map((item) => item.attributes.value);
  assert.deepEqual(values('3. a\n1. b\n7. c'), [3, 1, 7]);
  assert.equal(parse('1) a')[0].attributes.class, 'round');
  assert.equal(parse('1. a')[0].attributes.class, undefined);
});

test('a task is one line with its box', () => {
  is('- [x] done\n- [ ] *not* yet', 'ul(li(☑ done)li(☐ em(not) yet))');
  is('- [X] a\n\n- [ ] b', 'ul(li(☑ a)li(☐ b))');
  is('1. [x] a', 'ol(li(☑ a))');
  is('- [x]', 'ul(li([x]))');
});

test('code in a line keeps its lines', () => {
  is('`a\n  b`', 'code(a\n  b)');
  is('`` `x` ``', 'code(`x`)');
});

test('an address ends before the punctuation around it, in every script', () => {
  const at = 'a=https://example.org/a(https://example.org/a)';
  for (const [before, after] of [['见', '。'], ['“', '”'], ['«', '»'], ['「', '」。'], ['（', '）'],
    ['', '؟'], ['', '।'], ['', '，下一句'], ['', '。下一句'], ['„', '“.'], ['', '!?'], ['(', ').'],
    ['‘', '’,'], ['', '…'], ['', '—'], ["'", "'"], ['"', '",'], ['[', ']'], ['', '、'], ['', '։']]) {
    is(`${before}https://example.org/a${after}`, `${before}${at}${after}`);
    is(`${'x '.repeat(1_000)}\n${'* '.repeat(1_001)}${before}https://example.org/a${after}`,
      `${'x '.repeat(1_000)}\n${'* '.repeat(1_001)}${before}${at}${after}`);
  }
  is('**https://example.org/a**', `strong(${at})`);
  is('~~https://example.org/a~~', `s(${at})`);
  is('<https://example.org/a>', `<${at}>`);
});

test('an address is the same in long texts, in raw lines and in short texts', () => {
  for (const address of ['https://example.org/Foo_(bar)', 'https://example.org/a_b_c#d-',
    'https://example.org/?q=[a]&b={c}', 'http://[::1]:8701/', 'https://例子.example/路径',
    'https://example.org/Schindler\'s_List', 'https://example.org/a*b*c']) {
    const [short] = parse(address);
    assert.equal(short.attributes.href, address);
    for (const text of [`${'x'.repeat(800)} ${address}`, `# ${address}`, `    ${address}`,
      `|${address}|`, `(${address}).`]) {
      const found = parse(text).flatMap((part) => part.children ? [part, ...part.children] : [])
        .find((part) => part.tag === 'a');
      assert.equal(found?.attributes.href, address, text);
    }
  }
  const long = parse(`${'x'.repeat(800)} www.example.org, me@example.org!`);
  assert.deepEqual(long.filter((part) => part.tag === 'a').map((part) => part.attributes.href),
    ['http://www.example.org', 'mailto:me@example.org']);
});

test('a title of a link is not lost', () => {
  assert.match(shape(parse('[a](https://example.org "why")')), /why/);
});

test('a lexer that fails costs the marks, not the text', (t) => {
  t.mock.method(Lexer.prototype, 'lex', () => {
    throw new Error('planted');
  });
  is('**a** https://example.org/', '**a** a=https://example.org/(https://example.org/)');
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
  const counts = { '🎉': 1, '🎉 🎸': 2, '😀😀\n😀': 3,
    '👨‍👩‍👧‍👦': 1, '🇧🇷': 1, '❤️': 1, '👍🏽': 1, '3️⃣': 1 };
  for (const [text, count] of Object.entries(counts)) assert.equal(emojiOnly(text), count, text);
  for (const text of ['1', '#', 'a🎉', '', '😀'.repeat(4), '123', '🎉!']) {
    assert.equal(emojiOnly(text), 0, text);
  }
});
