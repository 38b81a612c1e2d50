// The kinds of entries: one more is a file more, and a line here.

import { Kinds } from '../core/kinds.js';
import { circle } from './circle.js';
import { leave } from './leave.js';
import { profile } from './profile.js';
import { newer, unreadable } from './strange.js';
import { text } from './text.js';

export const kinds = new Kinds([text, profile, circle, leave, unreadable], newer);
