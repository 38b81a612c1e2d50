// The emoji picker: a grid in a popover, found by words in the reader's language.

import { el, fill } from '../dom/el.js';

/** @import { Language, SafeStorage } from '../../../types/page' */
/** @typedef {[character: string, label: string, tags: string]} One */
/** @typedef {{ name: string, emoji: One[] }} Group */

/** Emoji of a search that are shown, and those used last that are kept. */
const FOUND_MAX = 64;
const RECENT_MAX = 24;
const RECENT = 'roda.emoji';

/** @param {string} text */
const bare = (text) => text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();

/**
 * Emoji whose name or tags hold every word; those whose name begins with it come first.
 * @param {Group[]} groups
 * @param {string} words
 * @returns {One[]}
 */
export function search(groups, words) {
  const wanted = bare(words).split(/\s+/).filter(Boolean);
  if (wanted.length === 0) return [];
  /** @type {[rank: number, one: One][]} */
  const found = [];
  for (const one of groups.flatMap((group) => group.emoji)) {
    const label = bare(one[1]);
    const all = `${label} ${bare(one[2])} ${one[0]}`;
    if (!wanted.every((word) => all.includes(word))) continue;
    found.push([label.startsWith(wanted[0]) ? 0 : label.includes(wanted[0]) ? 1 : 2, one]);
  }
  // A stable sort: what ranks the same keeps the order of Unicode.
  return found.sort(([a], [b]) => a - b).slice(0, FOUND_MAX).map(([, one]) => one);
}

export class Emoji {
  /**
   * `button` opens it; `onPick(character)` is told.
   * @param {{
   *   button: HTMLButtonElement, lang: Language, storage: SafeStorage,
   *   onPick: (character: string) => void,
   * }} parts
   */
  constructor({ button, lang, storage, onPick }) {
    this.button = button;
    this.lang = lang;
    this.storage = storage;
    this.onPick = onPick;
    /** @type {Group[]} */
    this.groups = [];
    /** Which is shown; -1: those used last. */
    this.group = 0;
    const { t } = lang;
    this.field = el('input', {
      id: 'emoji-search', type: 'search', 'aria-label': t('emoji.search'),
      placeholder: t('emoji.search'), autocomplete: 'off', oninput: () => this.#show(),
      onkeydown: (/** @type {KeyboardEvent} */ event) => this.#searching(event),
    });
    this.tabs = el('div', { class: 'tabs', role: 'group', 'aria-label': t('emoji.groups') });
    this.grid = el('div', { class: 'grid', role: 'group', 'aria-label': t('emoji') });
    this.box = el('div', {
      id: 'emojis', popover: 'auto', role: 'dialog', 'aria-label': t('emoji'),
    }, this.field, this.tabs, this.grid);
    this.grid.addEventListener('keydown', (event) => this.#key(event));
    this.box.addEventListener('toggle', ({ newState }) => {
      button.setAttribute('aria-expanded', String(newState === 'open'));
      if (newState === 'open') this.#opened();
    });
    button.setAttribute('aria-expanded', 'false');
    button.popoverTargetElement = this.box;
    document.body.append(this.box);
  }

  async #opened() {
    if (this.groups.length === 0) {
      const file = this.lang.tag.startsWith('pt') ? 'pt' : 'en';
      const answer = await fetch(`/vendor/emoji/${file}.json`);
      this.groups = await answer.json();
      this.group = this.#recent().length > 0 ? -1 : 0;
    }
    this.field.value = '';
    this.#place();
    this.#show();
    // On a phone the search would call the keyboard over half of the emoji.
    if (matchMedia('(pointer: fine)').matches) this.field.focus();
  }

  /** Above its button, within the window. */
  #place() {
    const { right, top } = this.button.getBoundingClientRect();
    this.box.style.setProperty('--right', `${Math.max(8, innerWidth - right)}px`);
    this.box.style.setProperty('--bottom', `${innerHeight - top + 12}px`);
  }

  /** @returns {One[]} */
  #recent() {
    const known = new Map(this.groups.flatMap((group) =>
      group.emoji.map((one) => /** @type {[string, One]} */ ([one[0], one]))));
    return (this.storage.get(RECENT) ?? '').split(' ').map((one) => known.get(one))
      .filter((one) => one !== undefined);
  }

  #show() {
    const { t } = this.lang;
    const words = this.field.value.trim();
    const recent = this.#recent();
    /** @type {(index: number, label: string, character: string) => HTMLElement} */
    const tab = (index, label, character) => el('button', {
      type: 'button', title: label, 'aria-label': label,
      'aria-pressed': String(index === this.group && words === ''),
      onclick: () => {
        this.group = index;
        this.field.value = '';
        this.#show();
        /** @type {HTMLElement | null} */
        const pressed = this.tabs.querySelector('[aria-pressed=true]');
        pressed?.focus();
      },
    }, character);
    fill(this.tabs, recent.length > 0 && tab(-1, t('emoji.recent'), '🕘'),
      this.groups.map((group, index) => tab(index, group.name, group.emoji[0][0])));
    const shown = words ? search(this.groups, words)
      : this.group < 0 ? recent : this.groups[this.group].emoji;
    fill(this.grid, shown.length === 0 && el('p', {}, t('emoji.none')),
      shown.map(([character, label], index) => el('button', {
        type: 'button', 'aria-label': label, title: label, tabindex: index === 0 ? 0 : -1,
        onclick: () => this.#pick(character),
      }, character)));
    this.grid.scrollTop = 0;
  }

  /** @param {string} character */
  #pick(character) {
    const held = (this.storage.get(RECENT) ?? '').split(' ').filter((one) => one !== character);
    this.storage.set(RECENT, [character, ...held].slice(0, RECENT_MAX).join(' ').trim());
    this.box.hidePopover();
    this.onPick(character);
  }

  /**
   * From the search, Enter takes the first that is found, and the arrow leads to them.
   * @param {KeyboardEvent} event
   */
  #searching(event) {
    const first = this.grid.querySelector('button');
    if (event.isComposing || !first || !['Enter', 'ArrowDown'].includes(event.key)) return;
    event.preventDefault();
    if (event.key === 'ArrowDown') first.focus();
    else if (this.field.value.trim() !== '') first.click();
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const buttons = [...this.grid.querySelectorAll('button')];
    const at = buttons.indexOf(/** @type {HTMLButtonElement} */ (event.target));
    const top = buttons[0]?.offsetTop;
    const columns = Math.max(1, buttons.findIndex((one) => one.offsetTop > top));
    /** @type {number | undefined} */
    const to = /** @type {Record<string, number>} */ ({
      ArrowRight: at + 1, ArrowLeft: at - 1, ArrowDown: at + columns, ArrowUp: at - columns,
      Home: 0, End: buttons.length - 1,
    })[event.key];
    if (at < 0 || to === undefined) return;
    event.preventDefault();
    if (to < 0) this.field.focus();
    else buttons[Math.min(to, buttons.length - 1)]?.focus();
  }
}
