// How the page looks, as the reader wants it.

/** @import { Prefs } from '../core/prefs.js' */

/** What a browser colours its own bars with: the panel's colour. */
/** @type {Record<string, string>} */
export const BAR_COLORS = { light: '#fdf9f4', dark: '#1e1815' };

/**
 * Puts theme and text size on the page; `look.js` has done so before the first paint.
 * @param {Prefs} prefs
 * @param {Document} document
 */
export function applyLook(prefs, document) {
  const theme = String(prefs.get('theme'));
  Object.assign(document.documentElement.dataset, { theme, size: prefs.get('size') });
  /** @type {NodeListOf<HTMLMetaElement>} */
  const metas = document.querySelectorAll('meta[name="theme-color"]');
  for (const meta of metas) {
    const own = meta.media.includes('dark') ? 'dark' : 'light';
    meta.content = BAR_COLORS[theme] ?? BAR_COLORS[own];
  }
}
