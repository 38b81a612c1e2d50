// Files cannot be sent yet: whoever drops or pastes one is told so, and the page stays.

/** @param {DataTransfer | null} data */
const brings = (data) => data !== null && [...data.types].includes('Files');

/**
 * Takes what is dropped anywhere, or pasted, and calls `say()` where it is files.
 * @param {Window} window
 * @param {() => void} say
 */
export function refuseFiles(window, say) {
  // Without this the browser opens the file in the page's place.
  window.addEventListener('dragover', (event) => {
    if (brings(event.dataTransfer)) event.preventDefault();
  });
  window.addEventListener('drop', (event) => {
    if (!brings(event.dataTransfer)) return;
    event.preventDefault();
    say();
  });
  window.addEventListener('paste', (event) => {
    const data = event.clipboardData;
    // Words that bring a picture along, as cells of a table do, are pasted as words.
    if (!data || !brings(data) || data.types.includes('text/plain')) return;
    event.preventDefault();
    say();
  });
}
