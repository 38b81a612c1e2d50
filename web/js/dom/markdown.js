// Messages as elements: see core/markdown.js.

import { parse } from '../core/markdown.js';
import { el } from './el.js';

/** @import { Written } from '../../../types/page' */

/**
 * The text as nodes.
 * @param {string} text
 */
export function markdown(text) {
  return parse(text).map(build);
}

/**
 * @param {Written} part
 * @returns {Node}
 */
function build(part) {
  if (typeof part === 'string') return document.createTextNode(part);
  return el(/** @type {'p'} */ (part.tag), part.attributes, ...part.children.map(build));
}
