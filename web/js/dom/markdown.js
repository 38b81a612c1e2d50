// Messages as elements: see core/markdown.js.

import { parse } from '../core/markdown.js';
import { el } from './el.js';

/** The text as nodes. */
export function markdown(text) {
  return parse(text).map(build);
}

function build(part) {
  if (typeof part === 'string') return document.createTextNode(part);
  return el(part.tag, part.attributes, ...part.children.map(build));
}
