// Where messages are written: Enter sends, Shift+Enter breaks the line, drafts survive a reload.

import { TEXT_MAX_BYTES } from './ws.js';

const DRAFT = 'roda.draft';
/** Others are told of typing at most this often (ms). */
const TYPING_MS = 3_000;

/** `onSend(text)`, `onTyping()`, `onProblem(bytes, max)` are told. */
export function composer({ form, area, button, storage, now, onSend, onTyping, onProblem }) {
  let told = -TYPING_MS;
  const fit = () => {
    area.style.height = 'auto';
    area.style.height = `${area.scrollHeight}px`;
    button.disabled = area.disabled || area.value.trim() === '';
  };
  const send = () => {
    const text = area.value.trim();
    if (text === '' || area.disabled) return;
    const bytes = new TextEncoder().encode(text).length;
    if (bytes > TEXT_MAX_BYTES) {
      onProblem(bytes, TEXT_MAX_BYTES);
      return;
    }
    area.value = '';
    storage.remove(DRAFT);
    fit();
    onSend(text);
  };
  area.addEventListener('input', () => {
    fit();
    storage.set(DRAFT, area.value);
    if (area.value !== '' && now() - told >= TYPING_MS) {
      told = now();
      onTyping();
    }
  });
  area.addEventListener('keydown', (event) => {
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    send();
  });
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    send();
    area.focus();
  });
  area.value = storage.get(DRAFT) ?? '';
  fit();
  return {
    close(words) {
      area.disabled = true;
      area.placeholder = words;
      fit();
    },
  };
}
