// Theme and text size before the first paint. No module: those run only once the page is there.
// The rest, and what else there is to know about preferences, is in prefs.js.

'use strict';

for (const key of ['theme', 'size']) {
  try {
    const value = localStorage.getItem(`roda.pref.${key}`);
    if (value) document.documentElement.dataset[key] = value;
  } catch {
    // A browser without storage shows what it likes best.
  }
}
