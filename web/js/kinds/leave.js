// Goodbye for good.

export const leave = {
  name: 'leave',
  line: (_message, { t, who, set }) => t('system.left', { name: set(who) }),
};
