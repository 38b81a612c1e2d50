// Frames with messages.

/** @import { Changed, Early, Messages, Page, Sent } from '../../../../types/frames' */
/** @import { Arrived, Frame, Wanted } from '../../../../types/page' */

/**
 * New ones, in the order of their arrival.
 * @type {Frame<Messages, Arrived>}
 */
export const messages = {
  type: 'messages',
  take(frame, { store, outbox }) {
    outbox.settle(frame.messages);
    return store.addLive(frame.messages);
  },
  show: (to, _frame, result) => to.arrived(result),
};

/**
 * Some that are not stored at the node yet: each comes again in `messages`, and only then counts.
 * @type {Frame<Early, Arrived>}
 */
export const early = {
  type: 'early',
  take: (frame, { store }) => store.addEarly(frame.messages),
  show: (to, _frame, result) => to.arrived(result),
};

/**
 * Some that were held before look otherwise now.
 * @type {Frame<Changed, void>}
 */
export const changed = {
  type: 'changed',
  take: (frame, { store }) => store.change(frame.messages),
};

/**
 * What this page sent is committed.
 * @type {Frame<Sent, Arrived>}
 */
export const sent = {
  type: 'sent',
  take({ ref, message }, { store, outbox }) {
    if (ref) outbox.remove(ref);
    return store.addLive([message]);
  },
  show: (to, _frame, result) => to.arrived(result),
};

/**
 * The answer to a question about history.
 * @type {Frame<Page, Wanted | null>}
 */
export const page = {
  type: 'page',
  take(frame, { store, outbox }) {
    outbox.settle(frame.messages);
    return store.addPage(frame);
  },
};
