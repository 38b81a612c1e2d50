// How far a message has come, computed from what members have signed. No DOM.

import { compare } from './timeline.js';

/** @import { Marks, Message, Receipts } from '../../../types/frames' */
/** @import { Circle, Held, HeldReceipts, Mark, Translate } from '../../../types/page' */

/**
 * Members that a message waits for: here before it, not gone, not its author.
 * @param {Message} message
 * @param {Map<string, Held>} members
 */
export function waitedFor(message, members) {
  return [...members.values()].filter(
    (member) =>
      member.id !== message.author && !member.left && !member.aside && !member.disputed &&
      member.since && compare(member.since, message) < 0,
  );
}

/**
 * The mark of a message: `state` is kept, delivered or read; `of` members are waited for, `have`
 * and `lack` name those who do and do not hold it. A mark once reached never goes back.
 * @param {Message} message
 * @param {Circle} circle
 * @returns {Mark}
 */
export function marks(message, { members, receipts, me }) {
  const waited = waitedFor(message, members);
  /** @type {(member: Held, which: 'stored' | 'read') => boolean} */
  const reached = (member, which) =>
    (receipts.members.get(member.id)?.[which]?.[message.author] ?? 0) >= message.seq;
  const have = waited.filter((member) =>
    member.id === me ? !message.early : reached(member, 'stored'));
  const lack = waited.filter((member) => !have.includes(member));
  const readers = waited.filter((member) => reached(member, 'read'));
  /** @param {'delivered' | 'read'} which */
  const upTo = (which) => (receipts[which][message.author] ?? 0) >= message.seq;
  if (message.state === 'read' || upTo('read')) message.state = 'read';
  else if (message.state === 'delivered' || upTo('delivered')) message.state = 'delivered';
  return { state: message.state ?? 'kept', of: waited.length, have, lack, readers };
}

/**
 * Members whose signed clock has not passed a message: they can still write before it.
 * @param {Message} message
 * @param {Circle} circle
 */
export function blockers(message, { members, receipts, me }) {
  return [...members.values()].filter((member) =>
    member.id !== me && !member.left && !member.aside && !member.disputed &&
    (receipts.members.get(member.id)?.clock ?? 0) < message.lamport);
}

/**
 * The mark in words; `t` translates.
 * @param {Mark} mark
 * @param {Translate} t
 */
export function words(mark, t) {
  if (mark.state === 'read') return t('receipt.read');
  if (mark.state === 'delivered') return t('receipt.delivered', { count: mark.of });
  if (mark.have.length === 0) return t('receipt.kept');
  return t('receipt.some', { have: mark.have.length, count: mark.of });
}

/**
 * Watermarks only grow; a packet may hold only what changed.
 * @param {HeldReceipts} receipts
 * @param {Receipts | undefined} packet
 */
export function merge(receipts, packet) {
  for (const [id, change] of Object.entries(packet?.members ?? {})) {
    const held = receipts.members.get(id) ?? { stored: {}, read: {}, clock: 0 };
    raise(held.stored, change.stored);
    raise(held.read, change.read);
    held.clock = Math.max(held.clock, change.clock ?? 0);
    receipts.members.set(id, held);
  }
  raise(receipts.delivered, packet?.delivered);
  raise(receipts.read, packet?.read);
  receipts.final = Math.max(receipts.final, packet?.final ?? 0);
}

/**
 * @param {Marks} held
 * @param {Marks | undefined} change
 */
function raise(held, change) {
  for (const [id, seq] of Object.entries(change ?? {})) held[id] = Math.max(held[id] ?? 0, seq);
}
