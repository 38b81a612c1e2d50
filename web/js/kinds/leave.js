// Goodbye for good.

/** @import { Kind } from '../../../types/page' */

/** @type {Kind} */
export const leave = {
  name: 'leave',
  line: (_message, { t, who, set }) => t('system.left', { name: set(who) }),
};
