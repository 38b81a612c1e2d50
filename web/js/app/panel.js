// The people's panel on a narrow window: over the log, which cannot be reached meanwhile.

/** As in people.css: here the panel is an overlay. */
const NARROW = '(max-width: 1199px)';

/** Wires the panel to what opens and closes it; `window` tells how wide it is. */
export function panel({ main, veil, openPeople, closePeople }, window) {
  const { body } = window.document;
  const isOpen = () => body.classList.contains('people');
  const set = (open, back = openPeople) => {
    body.classList.toggle('people', open);
    openPeople.setAttribute('aria-expanded', String(open));
    main.inert = open;
    (open ? closePeople : back)?.focus({ preventScroll: true });
  };
  openPeople.onclick = () => set(!isOpen());
  closePeople.onclick = veil.onclick = () => set(false);
  window.document.addEventListener('keydown', (event) => {
    // A dialog over it has the key first.
    const over = window.document.querySelector('dialog[open]');
    if (event.key !== 'Escape' || !isOpen() || over) return;
    event.preventDefault();
    set(false);
  });
  window.matchMedia(NARROW).addEventListener('change', () => isOpen() && set(false, null));
}
