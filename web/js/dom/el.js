// The one way elements are made. Text becomes text nodes only, so what members write can never
// become markup.

const SAFE_LINK = /^(https?:\/\/|mailto:)/i;
const SVG = 'http://www.w3.org/2000/svg';

/**
 * `el('p', {class: 'x', onclick: f, 'aria-label': '…'}, 'text', child)`. `null` and `false`
 * attributes and children are left out. Addresses are taken only where they cannot run anything.
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

/** As `el`, for drawings; they hold no addresses but those of the page's own icons. */
export function svg(tag, attributes = {}, ...children) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined) element.setAttribute(name, String(value));
  }
  element.append(...children.filter(Boolean));
  return element;
}

/** Replaces an element's children. */
export function fill(element, ...children) {
  const left = new Set([null, undefined, false]);
  const kept = children.flat().filter((child) => !left.has(child));
  element.replaceChildren(...kept.map((child) => (child instanceof Node ? child : String(child))));
  return element;
}

/** Text that is only touched where it changed. */
export function put(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** An icon from the page's own sprite. */
export function icon(name) {
  return svg('svg', { class: 'icon', 'aria-hidden': 'true' },
    svg('use', { href: `/vendor/lucide/icons.svg#${name}` }));
}

/** Words with `commands` between backquotes, as our own texts have them. */
export function coded(text) {
  return text.split('`').map((part, index) =>
    (index % 2 ? el('code', { class: 'command' }, part) : part));
}
