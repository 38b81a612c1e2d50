// Names, looks, notifications, a copy of the conversation, and leaving.

import { collect } from '../core/export.js';
import { copied } from '../dom/clipboard.js';
import { coded, el, fill, icon, put } from '../dom/el.js';
import { reason } from '../net/api.js';
import { ask, dialog, problem, tell } from './dialog.js';
import { shortcuts } from './keys.js';

/** @import { Children, Given, Language, Translate } from '../../../types/page' */
/** @import { Kinds } from '../core/kinds.js' */

/** @type {(title: string, ...children: Children[]) => HTMLElement} */
const section = (title, ...children) => el('section', {}, el('h3', {}, title), children);

/** @type {(label: string, control: Node, hint?: string | null) => HTMLElement} */
const row = (label, control, hint) => el('label', { class: 'row' },
  el('span', {}, label, hint && el('small', {}, hint)), control);

/**
 * @param {string} id
 * @param {boolean} checked
 * @param {() => void} onchange
 * @param {object} more
 */
const toggle = (id, checked, onchange, more = {}) =>
  el('input', { type: 'checkbox', role: 'switch', id, checked, onchange, ...more });

/**
 * @param {string} id
 * @param {string[][]} options
 * @param {unknown} chosen
 * @param {(value: string) => void} onchange
 */
function choice(id, options, chosen, onchange) {
  const select = el('select', { id, onchange: () => onchange(select.value) },
    options.map(([value, label]) =>
      el('option', { value, selected: value === chosen }, label)));
  return select;
}

/**
 * Opens the settings.
 * @param {Pick<Given, 'api' | 'store' | 'lang' | 'prefs' | 'notifier'> & { reload: () => void }}
 *   page
 */
export function settings({ api, store, lang, prefs, notifier, reload }) {
  const { t } = lang;
  // Without its node a fresh page knows of nothing but its own look.
  const known = store.me !== null;
  const member = known && !store.members.get(store.me ?? '')?.left;
  return dialog(t, t('settings'), { id: 'settings' },
    el('p', { class: 'warning if-away' }, icon('alert'),
      el('span', {}, coded(t('settings.away')))),
    member && names({ api, store, lang }),
    look({ t, prefs, reload }),
    notifications({ t, prefs, notifier }),
    known && conversation({ api, lang, kinds: store.kinds }),
    keyboard(t),
    known && about({ store, t }),
    member && leaving({ api, lang }));
}

/**
 * Own name and the circle's are said to everybody, so they wait for a button.
 * @param {Pick<Given, 'api' | 'store' | 'lang'>} page
 */
function names({ api, store, lang }) {
  const { t } = lang;
  const own = store.members.get(store.me ?? '')?.name ?? '';
  /** @type {(id: string, value: string, required: boolean) => HTMLInputElement} */
  const field = (id, value, required) => el('input', {
    id, value, maxlength: 64, required, autocomplete: 'off', dir: 'auto',
  });
  const name = field('set-name', own, true);
  // A circle may have no name yet, and once it has one it keeps one.
  const circle = field('set-circle', store.circle, store.circle !== '');
  const wrong = problem();
  const button = el('button', { class: 'small' }, t('settings.save'));
  /** @param {() => Promise<void>} action */
  const attempt = async (action) => {
    try {
      wrong.hidden = true;
      await action();
      put(button, t('settings.saved'));
    } catch (error) {
      tell(wrong, reason(error, lang));
    }
  };
  /** @param {Event} event */
  const save = (event) => {
    event.preventDefault();
    attempt(async () => {
      const [me, called] = [name.value.trim(), circle.value.trim()];
      if (me !== own) await api.setMe({ name: me });
      if (called && called !== store.circle) await api.setCircle(called);
    });
  };
  const receipts = toggle('set-receipts', store.readReceipts, () => attempt(async () => {
    await api.setMe({ read_receipts: receipts.checked });
    store.readReceipts = receipts.checked;
  }));
  return section(t('settings.names'),
    el('form', { onsubmit: save, oninput: () => put(button, t('settings.save')) },
      row(t('settings.name'), name), row(t('settings.circle'), circle),
      el('div', { class: 'end' }, button)),
    row(t('settings.receipts'), receipts, t('settings.receipts.hint')), wrong);
}

/** @param {{ t: Translate, prefs: Given['prefs'], reload: () => void }} page */
function look({ t, prefs, reload }) {
  /** @type {(key: string, values: string[]) => string[][]} */
  const named = (key, values) => values.map((value) => [value, t(`settings.${key}.${value}`)]);
  const languages = [['auto', t('settings.language.auto')], ['en', 'English'],
    ['pt-BR', 'Português (Brasil)']];
  return section(t('settings.look'),
    row(t('settings.language'), choice('set-language', languages, prefs.get('language'),
      (value) => {
        prefs.set('language', value);
        reload();
      })),
    row(t('settings.theme'), choice('set-theme', named('theme', ['auto', 'light', 'dark']),
      prefs.get('theme'), (value) => prefs.set('theme', value))),
    row(t('settings.size'),
      choice('set-size', named('size', ['small', 'normal', 'large', 'huge']),
        prefs.get('size'), (value) => prefs.set('size', value))));
}

/** @param {{ t: Translate, prefs: Given['prefs'], notifier: Given['notifier'] }} page */
function notifications({ t, prefs, notifier }) {
  const wrong = problem();
  const possible = notifier.possible();
  const notify = toggle('set-notify', possible && notifier.allowed(), async () => {
    wrong.hidden = true;
    if (!notify.checked) prefs.set('notify', false);
    else if (!(await notifier.ask())) {
      notify.checked = false;
      tell(wrong, t('notify.denied'));
    }
  }, { disabled: !possible });
  const sound = toggle('set-sound', Boolean(prefs.get('sound')),
    () => prefs.set('sound', sound.checked));
  return section(t('settings.notifications'),
    row(t('settings.notify'), notify, possible ? null : t('notify.impossible')), wrong,
    row(t('settings.sound'), sound));
}

/** @param {{ api: Given['api'], lang: Language, kinds: Kinds }} page */
function conversation({ api, lang, kinds }) {
  const { t } = lang;
  const wrong = problem();
  const progress = el('p', { class: 'hint', role: 'status', hidden: true });
  /** @type {AbortController | null} */
  let running = null;
  /** @param {string} format */
  const save = async (format) => {
    running?.abort();
    running = new AbortController();
    wrong.hidden = true;
    progress.hidden = false;
    try {
      const { signal } = running;
      /** @param {number} count */
      const onProgress = (count) => put(progress, t('export.progress', { count }));
      const parts = await collect({ api, format, lang, kinds, onProgress, signal });
      download(new Blob(parts, { type: 'text/plain' }), `roda.${format}`);
    } catch (error) {
      progress.hidden = true;
      if (/** @type {Error} */ (error).name !== 'AbortError') tell(wrong, reason(error, lang));
    }
  };
  /** @type {(format: string, label: string) => HTMLElement} */
  const button = (format, label) => el('button', {
    type: 'button', class: 'small', id: `export-${format}`, onclick: () => save(format),
  }, icon('download'), label);
  const part = section(t('settings.conversation'),
    el('p', { class: 'hint' }, t('export.hint')),
    el('div', { class: 'end' }, button('txt', t('export.txt')), button('jsonl', t('export.jsonl'))),
    progress, wrong);
  // Closing the dialog ends what it began.
  queueMicrotask(() => part.closest('dialog')?.addEventListener('close', () => running?.abort()));
  return part;
}

/**
 * @param {Blob} blob
 * @param {string} name
 */
function download(blob, name) {
  const href = URL.createObjectURL(blob);
  const link = el('a', { download: name });
  link.href = href;
  link.click();
  // The browser has taken it over by then, or never will (ms).
  setTimeout(() => URL.revokeObjectURL(href), 60_000);
}

/** @param {{ store: Given['store'], t: Translate }} page */
function about({ store, t }) {
  const me = store.me ?? '';
  const fingerprint = store.members.get(me)?.fingerprint;
  const copy = el('button', { type: 'button', class: 'small', onclick: async () => {
    if (await copied(me)) fill(copy, icon('check'), t('copied'));
  } }, icon('copy'), t('about.copy'));
  return section(t('settings.about'),
    el('dl', { class: 'facts' },
      el('div', {}, el('dt', {}, t('about.fingerprint')),
        el('dd', {}, el('code', {}, fingerprint))),
      el('div', {}, el('dt', {}, t('about.id')), el('dd', {}, el('code', {}, me))),
      el('div', {}, el('dt', {}, t('about.version')), el('dd', {}, `Roda ${store.version}`))),
    el('div', { class: 'end' }, copy));
}

/**
 * Where there is a keyboard, it is as good a place as any to learn of its keys.
 * @param {Translate} t
 */
function keyboard(t) {
  const show = el('button', {
    type: 'button', class: 'small', id: 'open-shortcuts', onclick: () => shortcuts(t),
  }, t('keys.show'));
  const part = section(t('keys'), el('div', { class: 'end' }, show));
  part.classList.add('keyboard');
  return part;
}

/** @param {Pick<Given, 'api' | 'lang'>} page */
function leaving({ api, lang }) {
  const { t } = lang;
  const wrong = problem();
  const leave = async () => {
    const sure = await ask(t, {
      title: t('leave.title'), text: t('leave.text'), confirm: t('leave.do'), danger: true,
    });
    if (!sure) return;
    try {
      await api.leave();
      part.closest('dialog')?.close();
    } catch (error) {
      tell(wrong, reason(error, lang));
    }
  };
  const part = section(t('leave'), el('p', { class: 'hint' }, t('leave.hint')), wrong,
    el('div', { class: 'end' },
      el('button', { type: 'button', class: 'small danger', id: 'leave', onclick: leave },
        icon('log-out'), t('leave.do'))));
  return part;
}
