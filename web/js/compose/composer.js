// Where messages are written: Enter sends, Shift+Enter breaks the line, what was begun is a draft.

import { TEXT_MAX_BYTES, trimmed } from '../core/text.js';
import { put } from '../dom/el.js';

/** @import { Language } from '../../../types/page' */
/** @import { Drafts } from '../core/drafts.js' */

/** Others are told of typing at most this often (ms). */
const TYPING_MS = 3_000;
/** The room that is left is shown from here on (bytes). */
const NEAR_LIMIT = TEXT_MAX_BYTES * 0.8;

/** @param {string} text */
const bytes = (text) => new TextEncoder().encode(text).length;

/**
 * `onSend(text)` and `onTyping()` are told.
 * @param {{
 *   form: HTMLFormElement, area: HTMLTextAreaElement, button: HTMLButtonElement, limit:
 *   HTMLElement,
 *   lang: Language, drafts: Drafts, now: () => number, onSend: (text: string) => void,
 *   onTyping: () => void,
 * }} parts
 */
export function composer({ form, area, button, limit, lang, drafts, now, onSend, onTyping }) {
  let told = -TYPING_MS;
  const fit = () => {
    area.style.height = 'auto';
    area.style.height = `${area.scrollHeight}px`;
    const room = TEXT_MAX_BYTES - bytes(trimmed(area.value));
    limit.hidden = room > TEXT_MAX_BYTES - NEAR_LIMIT;
    limit.classList.toggle('over', room < 0);
    put(limit, room < 0 ? lang.t('composer.over', { count: -room })
      : lang.t('composer.room', { count: room }));
    button.disabled = area.disabled || area.value.trim() === '' || room < 0;
  };
  const send = () => {
    const text = trimmed(area.value);
    if (button.disabled) return;
    area.value = '';
    drafts.sent(text);
    fit();
    onSend(text);
  };
  area.addEventListener('input', () => {
    fit();
    drafts.keep(area.value);
    if (area.value !== '' && now() - told >= TYPING_MS) {
      told = now();
      onTyping();
    }
  });
  area.addEventListener('keydown', (event) => {
    // 229: some browsers say only so that an input method is at work.
    const composing = event.isComposing || event.keyCode === 229;
    if (event.key !== 'Enter' || event.shiftKey || composing) return;
    event.preventDefault();
    send();
  });
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    send();
    area.focus();
  });
  /** @param {string} text */
  const show = (text) => {
    area.value = text;
    fit();
  };
  show(drafts.text);
  window.addEventListener('storage', () => drafts.taken() && show(''));
  window.addEventListener('pagehide', () => drafts.leave());
  window.addEventListener('pageshow', (event) => event.persisted && drafts.back() && show(''));
  return {
    show,
    /**
     * Puts a text where the cursor is.
     * @param {string} text
     */
    insert(text) {
      area.setRangeText(text, area.selectionStart, area.selectionEnd, 'end');
      area.dispatchEvent(new Event('input'));
      area.focus();
    },
    /** Takes no more. */
    close() {
      area.disabled = form.hidden = true;
      fit();
    },
  };
}
