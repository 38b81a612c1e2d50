// What somebody is called: the first one says that there is somebody.

/** @import { Kind } from '../../../types/page' */

/** @type {Kind} */
export const profile = {
  name: 'profile',
  names: ({ text }) => text,
  line({ seq, text }, { t, who, before, set }) {
    const name = set(text || who);
    if (seq === 1) return t('system.joined', { name });
    if (!before) return t('system.named', { name });
    return t('system.renamed', { before: set(before), name });
  },
};
