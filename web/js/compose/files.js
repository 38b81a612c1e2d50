// Files cannot be sent yet: whoever drops or pastes one is told so, and the page stays.

const brings = (data) => Boolean(data) && [...data.types].includes('Files');

/** Takes what is dropped anywhere, or pasted, and calls `say()` where it is files. */
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
    if (!brings(data) || data.types.includes('text/plain')) return;
    event.preventDefault();
    say();
  });
}
