// Looks at a page that shows what hostile people wrote: for what ran, what was made, and what
// stands where it should not. Evaluated in the page.

/** What messages and names may be made of. */
const MADE = new Set(['A', 'BDI', 'BLOCKQUOTE', 'BUTTON', 'CODE', 'DIV', 'EM', 'LI', 'OL', 'P',
  'PRE', 'S', 'SMALL', 'SPAN', 'STRONG', 'TIME', 'UL', 'circle', 'path', 'svg', 'use']);
const ATTRIBUTES = new Set(['aria-hidden', 'aria-label', 'class', 'cx', 'cy', 'd', 'data-id',
  'data-mark', 'data-member', 'datetime', 'dir', 'href', 'pathLength', 'r', 'rel', 'start',
  'stroke-dasharray', 'tabindex', 'target', 'title', 'type', 'value', 'viewBox']);
/** A fraction of a pixel is no fault. */
const SLACK = 0.6;

window.struck ??= Object.assign((how) => struck.by.push(String(how)), { by: [] });
for (const name of ['alert', 'confirm', 'prompt', 'print', 'open', 'eval', 'postMessage']) {
  window[name] = () => struck(name);
}

const said = (element) => element.outerHTML.slice(0, 300);

/** How many of each element stand outside what members fill. */
function outside() {
  const counts = {};
  for (const { tagName } of document.querySelectorAll('html :not(#rows *, #people *, #live *)')) {
    counts[tagName] = (counts[tagName] ?? 0) + 1;
  }
  return counts;
}

function made() {
  const inside = [...document.querySelectorAll('#rows *, #people [data-member] *')];
  const foreign = inside.filter((one) => !MADE.has(one.tagName) ||
    one.getAttributeNames().some((name) => !ATTRIBUTES.has(name)));
  const leading = inside.filter((one) => one.hasAttribute('href') && one.tagName !== 'use' &&
    !/^(https?:\/\/|mailto:)/i.test(one.href));
  return [...foreign, ...leading].map(said);
}

/** What is wider than its place; rows that leave the log or lie over each other. */
function misplaced() {
  const log = document.querySelector('#log');
  const rows = [...document.querySelectorAll('#rows > *')];
  const edge = log.getBoundingClientRect();
  const wide = [document.documentElement, document.body, log, document.querySelector('aside')]
    .filter((box) => box.scrollWidth > box.clientWidth)
    .flatMap((box) => [box, ...[...box.querySelectorAll('*')].filter((one) =>
      one.getBoundingClientRect().right > box.getBoundingClientRect().right + SLACK).slice(-3)]);
  const boxes = rows.map((row) => row.getBoundingClientRect());
  const beyond = (box) => box.left < edge.left - SLACK || box.right > edge.right + SLACK;
  const out = [...document.querySelectorAll('#rows .b, #rows .text, #rows .meta, #rows .system')]
    .filter((one) => beyond(one.getBoundingClientRect()));
  const over = rows.filter((row, at) => beyond(boxes[at]) ||
    (at > 0 && boxes[at].top < boxes[at - 1].bottom - SLACK));
  // Marks that stack up without end are cut off at their own row.
  const spills = [...document.querySelectorAll('#rows .b, #rows .system')]
    .filter((one) => getComputedStyle(one).overflowY === 'visible');
  return [...wide, ...out, ...over, ...spills].map(said);
}

/** The places of a text's characters, from the left. */
function places(element) {
  const node = document.createTreeWalker(element, NodeFilter.SHOW_TEXT).nextNode();
  return Array.from(node?.data ?? '', (_, at) => {
    const range = new Range();
    range.setStart(node, at);
    range.setEnd(node, at + 1);
    return range.getBoundingClientRect().left;
  });
}

/** Times, and addresses that links say they lead to, whose characters do not follow each other. */
function turned() {
  const straight = (lefts) => lefts.every((left, at) => at === 0 || left >= lefts[at - 1] - SLACK);
  const wrong = [...document.querySelectorAll('#rows time, #rows .host')]
    .filter((one) => one.getClientRects().length === 1 && !straight(places(one)));
  return wrong.map((one) => said(one.closest('li')));
}

/** All faults of what is shown now. */
function faults() {
  return { struck: struck.by, made: made(), misplaced: misplaced(), turned: turned() };
}
