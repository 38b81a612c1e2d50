// How the page looks, as the reader wants it.

/** What a browser colours its own bars with: the panel's colour. */
export const BAR_COLORS = { light: '#fdf9f4', dark: '#1e1815' };

/** Puts theme and text size on the page; `look.js` has done so before the first paint. */
export function applyLook(prefs, document) {
  const theme = prefs.get('theme');
  Object.assign(document.documentElement.dataset, { theme, size: prefs.get('size') });
  for (const meta of document.querySelectorAll('meta[name="theme-color"]')) {
    const own = meta.media.includes('dark') ? 'dark' : 'light';
    meta.content = BAR_COLORS[theme] ?? BAR_COLORS[own];
  }
}
