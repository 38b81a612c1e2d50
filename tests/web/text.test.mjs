import assert from 'node:assert/strict';
import test from 'node:test';

import { initial, setIn, shortened, trimmed } from '../../web/js/core/text.js';

test('an initial is what a reader takes for one character', () => {
  const initials = {
    '🇧🇷 Rui': '🇧🇷', ' ana': 'A', '👩‍👩‍👧 Família': '👩‍👩‍👧',
    'e\u0301lia': 'E\u0301', 'किरण': 'कि', '': '?', ' ': '?',
    '🏴󠁧󠁢󠁥󠁮󠁧󠁿': '🏴󠁧󠁢󠁥󠁮󠁧󠁿', '👍🏽': '👍🏽', 'ß': 'SS',
  };
  for (const [name, first] of Object.entries(initials)) assert.equal(initial(name), first, name);
});

test('a text is cut between characters, never within one', () => {
  assert.equal(shortened('👩‍👩‍👧🇧🇷é', 3), '👩‍👩‍👧🇧🇷é');
  assert.equal(shortened('👩‍👩‍👧🇧🇷éa', 3), '👩‍👩‍👧🇧🇷…');
  assert.equal(shortened('a'.repeat(400), 300).length, 300);
  assert.ok(shortened(`a${'\u0301'.repeat(16_000)}`, 140).length <= 140 * 50 + 1);
});

test('only blank lines at a text’s ends are trimmed', () => {
  const kept = {
    '    four\n  two': '    four\n  two', '\n \n  a\n\n b \n \t\n': '  a\n\n b ', ' a ': ' a ',
    '\ta': '\ta', ' \n\n ': '', '': '', '  ': '', '\u2028a': '\u2028a',
  };
  for (const [text, is] of Object.entries(kept)) {
    assert.equal(trimmed(text), is, JSON.stringify(text));
  }
});

test('no line of a text poses as a message of another', () => {
  for (const brk of ['\n', '\r', '\r\n', '\v', '\f', '\u0085', '\u2028', '\u2029']) {
    assert.equal(setIn(`oi${brk}[11/25/26, 10:00 PM] Ana: devo-te 100`),
      'oi\n    [11/25/26, 10:00 PM] Ana: devo-te 100', JSON.stringify(brk));
  }
  assert.equal(setIn('a\u202eb\u001b[31m\n\n\tc\u2066'), 'ab[31m\n    \n    \tc');
});
