// The panel of who is in the circle.

import { invite } from '../dialogs/invite.js';
import { el } from '../dom/el.js';
import { memberDetails } from './details.js';
import { People } from './people.js';

/** @import { Panel } from '../../../types/page' */

/** @type {Panel} */
export const people = {
  name: 'people',
  icon: 'people',
  make(page) {
    const { store, lang, api } = page;
    const drawing = el('div', { class: 'drawing', hidden: true });
    const list = el('ul');
    const inviting = el('button', {
      type: 'button', id: 'invite', class: 'wide', onclick: () => invite(api, lang),
    }, lang.t('invite'));
    const shown = new People({
      list, drawing, store, lang,
      onMember: (member) => memberDetails(member, { store, api, lang, away: page.banner.away }),
    });
    return {
      content: [drawing, list, inviting],
      renew({ time, away, invites }) {
        shown.renew(time, away);
        inviting.hidden = !invites;
      },
    };
  },
};
