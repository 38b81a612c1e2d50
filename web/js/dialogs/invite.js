// The invitation.

import { copied } from '../dom/clipboard.js';
import { coded, el, fill, icon } from '../dom/el.js';
import { reason } from '../net/api.js';
import { dialog } from './dialog.js';

/** @import { Language } from '../../../types/page' */
/** @import { Api } from '../net/api.js' */

/**
 * Fetches and shows the invitation.
 * @param {Api} api
 * @param {Language} lang
 */
export function invite(api, lang) {
  const { t } = lang;
  const place = el('div', {});
  dialog(t, t('invite'), { id: 'invitation' }, el('p', {}, t('invite.how')), place);
  return fetchInvitation(api, lang, place);
}

/**
 * @param {Api} api
 * @param {Language} lang
 * @param {HTMLElement} place
 */
async function fetchInvitation(api, lang, place) {
  const { t } = lang;
  try {
    const { link, svg } = await api.invite();
    const field = el('input', { readonly: true, value: link, 'aria-label': t('invite.link') });
    const copy = el('button', { type: 'button', class: 'wide', onclick: take },
      icon('copy'), t('copy'));
    async function take() {
      if (await copied(link)) fill(copy, icon('check'), t('copied'));
      else field.select();
    }
    const address = svg && `data:image/svg+xml,${encodeURIComponent(svg)}`;
    fill(place, svg && el('img', { class: 'qr', src: address, alt: t('invite.qr') }), field,
      el('p', {}, coded(t('invite.command'))), copy);
  } catch (error) {
    fill(place, el('p', { class: 'problem', role: 'alert' }, coded(reason(error, lang))),
      el('button', {
        type: 'button', class: 'wide', onclick: () => fetchInvitation(api, lang, place),
      }, t('retry')));
  }
}
