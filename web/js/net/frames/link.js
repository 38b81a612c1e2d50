// Frames about the link, and what the node says of itself.

/** @import { Failure, Notice, Progress, Welcome } from '../../../../types/frames' */
/** @import { Frame, Waiting } from '../../../../types/page' */

/** The node serves no more pages: it closes this one, which goes on asking. */
const TOO_MANY = 'too_many_pages';
const NOT_ALLOWED = 'unauthorized';

/**
 * Everything that a fresh page needs. Gives whether it goes on from where it was.
 * @type {Frame<Welcome, boolean>}
 */
export const welcome = {
  type: 'welcome',
  take: (frame, link) => link.welcomed(frame),
  show: (page, _frame, resumes) => page.welcomed(resumes),
};

/**
 * How far history has been fetched.
 * @type {Frame<Progress, void>}
 */
export const progress = {
  type: 'progress',
  take: (frame, { store }) => store.progress(frame),
};

/**
 * Something that a person should know.
 * @type {Frame<Notice, void>}
 */
export const notice = {
  type: 'notice',
  take({ code, message }, { store }) {
    if (code === 'store_failing') store.storeState = message;
    if (code === 'store_ok') store.storeState = 'ok';
  },
  show(page, { code, message }) {
    // What comes late is shown where it belongs.
    if (code !== 'late') page.say(`notice.${code}`, message);
  },
};

/**
 * Something was not done: a question (gives true), a send (gives what waits), or all that this page
 * asks (gives the code). Null is none of these.
 * @type {Frame<Failure, true | Waiting | string | null | undefined>}
 */
export const error = {
  type: 'error',
  take(frame, link) {
    const { ref, code, message } = frame;
    if (link.store.history.fail(frame)) return true;
    if (ref) return link.outbox.fail(ref, message, code);
    if (code === TOO_MANY) {
      link.full = true;
      return code;
    }
    if (code !== NOT_ALLOWED) return null;
    link.refused();
    return code;
  },
  show(page, { message }, result) {
    if (result === true) page.unread();
    else if (!result) page.say(null, message);
  },
};
