// On a touch screen: a long press on a message brings what can be done with it, from below.

import { dialog } from '../dialogs/dialog.js';
import { copied } from '../dom/clipboard.js';
import { el, fill, icon } from '../dom/el.js';

/** @import { Message } from '../../../types/frames' */
/** @import { Language, Store } from '../../../types/page' */

/** As long a press as browsers take for a long one (ms). */
const PRESS_MS = 500;
/** A finger that moves further than this scrolls (px). */
const SLACK_PX = 10;
/** "Copied" is there to be read before the sheet goes (ms). */
const DONE_MS = 700;
/** These have a long press of their own, or none. */
const OTHERS = 'a, button, summary';

/**
 * `onPress(row)` is told of a long press on a message's row, `onTap()` of a short one.
 * @param {HTMLElement} list
 * @param {{ onPress: (row: HTMLElement) => void, onTap: () => void }} told
 */
export function longPress(list, { onPress, onTap }) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  /** @type {PointerEvent | null} */
  let from = null;
  /** @type {(event: Event) => Element} */
  const targetOf = (event) => /** @type {Element} */ (event.target);
  const end = () => {
    clearTimeout(timer);
    timer = undefined;
    from = null;
  };
  list.addEventListener('pointerdown', (event) => {
    end();
    /** @type {HTMLElement | null} */
    const row = targetOf(event).closest('.m[data-id]');
    const other = targetOf(event).closest(OTHERS);
    if (event.pointerType !== 'touch' || !event.isPrimary || !row || other) return;
    from = event;
    timer = setTimeout(() => {
      end();
      onPress(row);
    }, PRESS_MS);
  });
  list.addEventListener('pointermove', (event) => {
    if (!from) return;
    const far = Math.hypot(event.clientX - from.clientX, event.clientY - from.clientY);
    if (far > SLACK_PX) end();
  });
  list.addEventListener('pointercancel', end);
  list.addEventListener('pointerup', (event) => {
    if (from && !targetOf(event).closest('.meta')) onTap();
    end();
  });
  // The browser's own menu would come over the sheet; a mouse keeps it.
  list.addEventListener('contextmenu', (event) => {
    const own = targetOf(event).closest('.m[data-id]') && !targetOf(event).closest(OTHERS);
    const { pointerType } = /** @type {PointerEvent} */ (event);
    if (pointerType === 'touch' && own) event.preventDefault();
  });
}

/**
 * What can be done with a message; its text can be selected there in part.
 * @param {HTMLElement} row
 * @param {Message} message
 * @param {{ store: Store, lang: Language, onDetails: (message: Message) => void }} parts
 */
export function sheet(row, message, { store, lang, onDetails }) {
  const { t } = lang;
  const text = store.kinds.textOf(message);
  /** @type {(name: string, picture: string, onclick: () => void) => HTMLElement} */
  const item = (name, picture, onclick) =>
    el('button', { type: 'button', class: 'item', onclick }, icon(picture), t(name));
  const copy = item('copy.message', 'copy', async () => {
    const done = await copied(text ?? '');
    fill(copy, icon(done ? 'check' : 'alert'), t(done ? 'copied' : 'copy.failed'));
    if (done) setTimeout(() => box.close(), DONE_MS);
  });
  const box = dialog(t, store.nameOf(message.author, message.name), { id: 'sheet' },
    el('p', { class: 'hint' }, lang.full(message.at)),
    text !== null && el('p', { class: 'quoted', dir: 'auto' }, text),
    text !== null && copy,
    item('details', 'info', () => {
      box.close();
      onDetails(message);
    }));
  row.classList.add('held');
  box.addEventListener('close', () => row.classList.remove('held'));
  // Beside the sheet lies its backdrop. The finger that held the message goes up there too.
  let down = false;
  box.addEventListener('pointerdown', () => {
    down = true;
  });
  box.addEventListener('click', (event) => {
    const beside = event.target === box && event.clientY < box.getBoundingClientRect().top;
    if (down && beside) box.close();
  });
}
