// What the circle is called.

export const circle = {
  name: 'circle',
  line: ({ text }, { t, who, set }) =>
    t('system.circle', { name: set(who), circle: set(text || who) }),
};
