// Frames with messages.

/** New ones, in the order of their arrival. */
export const messages = {
  type: 'messages',
  take(frame, { store, outbox }) {
    outbox.settle(frame.messages);
    return store.addLive(frame.messages);
  },
  show: (to, _frame, result) => to.arrived(result),
};

/** Some that were held before look otherwise now. */
export const changed = {
  type: 'changed',
  take: (frame, { store }) => store.change(frame.messages),
};

/** What this page sent is committed. */
export const sent = {
  type: 'sent',
  take({ ref, message }, { store, outbox }) {
    if (ref) outbox.remove(ref);
    return store.addLive([message]);
  },
  show: (to, _frame, result) => to.arrived(result),
};

/** The answer to a question about history. */
export const page = {
  type: 'page',
  take(frame, { store, outbox }) {
    outbox.settle(frame.messages);
    return store.addPage(frame);
  },
};
