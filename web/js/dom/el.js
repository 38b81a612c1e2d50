// The one way elements are made. Text becomes text nodes only, so what members write can never
// become markup.

/** @import { Child, Children } from '../../../types/page' */

const SAFE_LINK = /^(https?:\/\/|mailto:)/i;
const SVG = 'http://www.w3.org/2000/svg';

/**
 * `el('p', {class: 'x', onclick: f, 'aria-label': '…'}, 'text', child)`. `null` and `false`
 * attributes and children are left out. Addresses are taken only where they cannot run anything.
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} tag
 * @param {Record<string, any>} attributes
 * @param {Children[]} children
 * @returns {HTMLElementTagNameMap[T]}
 */
export function el(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else if (name === 'href' && !SAFE_LINK.test(value)) continue;
    else if (name === 'style' || name === 'srcdoc') throw new Error(`${name} is not for this page`);
    else element.setAttribute(name, value === true ? '' : String(value));
  }
  fill(element, ...children);
  return element;
}

/**
 * As `el`, for drawings; they hold no addresses but those of the page's own icons.
 * @param {string} tag
 * @param {Record<string, unknown>} attributes
 * @param {(Node | false | null | undefined)[]} children
 */
export function svg(tag, attributes = {}, ...children) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined) element.setAttribute(name, String(value));
  }
  for (const child of children) if (child) element.append(child);
  return element;
}

/**
 * Replaces an element's children.
 * @template {Element} E
 * @param {E} element
 * @param {Children[]} children
 * @returns {E}
 */
export function fill(element, ...children) {
  /** @type {Set<unknown>} */
  const left = new Set([null, undefined, false]);
  /** @type {any[]} */
  const nested = children;
  const all = /** @type {Child[]} */ (nested.flat(Infinity));
  const kept = all.filter((child) => !left.has(child));
  element.replaceChildren(...kept.map((child) => (child instanceof Node ? child : String(child))));
  return element;
}

/**
 * Text that is only touched where it changed.
 * @param {Element} element
 * @param {string} text
 */
export function put(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/**
 * An icon from the page's own sprite.
 * @param {string} name
 */
export function icon(name) {
  return svg('svg', { class: 'icon', 'aria-hidden': 'true' },
    svg('use', { href: `/vendor/lucide/icons.svg#${name}` }));
}

/**
 * Words with `commands` between backquotes, as our own texts have them.
 * @param {string} text
 */
export function coded(text) {
  return text.split('`').map((part, index) =>
    (index % 2 ? el('code', { class: 'command' }, part) : part));
}
