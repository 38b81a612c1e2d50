// Frames about the circle and who is in it.

/** Everybody. */
export const members = {
  type: 'members',
  take: (frame, { store }) => store.setMembers(frame),
};

/** Those who are new or have changed. */
export const membersChanged = {
  type: 'members_changed',
  take: (frame, { store }) => store.changeMembers(frame),
};

/** How far messages have come. */
export const receipts = {
  type: 'receipts',
  take: (frame, { store }) => store.mergeReceipts(frame),
};

/** Somebody is writing, now. */
export const typing = {
  type: 'typing',
  show: (page, { member }) => page.typing(member),
};
