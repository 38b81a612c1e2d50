// The frames that the node sends: one more is a file more, or a part of one, and a line here.
//
// Each says what it is called (`type`), how the page takes it in (`take(frame, link)`, which gives
// what came of it), and what is then seen of it (`show(page, frame, result)`). What has no `show`
// is seen where it was put; a frame that is not here is left.

import { heard, members, membersChanged, receipts, typing } from './circle.js';
import { error, notice, progress, welcome } from './link.js';
import { changed, early, messages, page, sent } from './messages.js';

/** @import { Frame } from '../../../../types/page' */

/** @type {Map<string, Frame>} */
export const frames = new Map([
  welcome, early, messages, changed, page, sent, receipts, members, membersChanged, heard,
  typing, progress, notice, error,
].map((/** @type {Frame} */ one) => [one.type, one]));
