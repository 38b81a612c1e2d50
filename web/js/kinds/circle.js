// What the circle is called.

/** @import { Kind } from '../../../types/page' */

/** @type {Kind} */
export const circle = {
  name: 'circle',
  line: ({ text }, { t, who, set }) =>
    t('system.circle', { name: set(who), circle: set(text || who) }),
};
