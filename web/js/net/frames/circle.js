// Frames about the circle and who is in it.

/**
 * @import {
 *   Heard, Members, MembersChanged, ReceiptsMoved, Typing
 * } from '../../../../types/frames'
 */
/** @import { Frame } from '../../../../types/page' */

/**
 * Everybody.
 * @type {Frame<Members, void>}
 */
export const members = {
  type: 'members',
  take: (frame, { store }) => store.setMembers(frame),
};

/**
 * Those who are new or have changed.
 * @type {Frame<MembersChanged, void>}
 */
export const membersChanged = {
  type: 'members_changed',
  take: (frame, { store }) => store.changeMembers(frame),
};

/**
 * Who was heard last when, and how quickly.
 * @type {Frame<Heard, void>}
 */
export const heard = {
  type: 'heard',
  take: (frame, { store }) => store.heard(frame.members),
};

/**
 * How far messages have come.
 * @type {Frame<ReceiptsMoved, void>}
 */
export const receipts = {
  type: 'receipts',
  take: (frame, { store }) => store.mergeReceipts(frame),
};

/**
 * Somebody is writing, now.
 * @type {Frame<Typing, void>}
 */
export const typing = {
  type: 'typing',
  show: (page, { member }) => page.typing(member),
};
