// What the page's parts give each other, beside the frames. Nothing of this is shipped.

import type { View } from '../web/js/app/view.js';
import type { Drafts } from '../web/js/core/drafts.js';
import type { Notifier } from '../web/js/core/notify.js';
import type { Outbox } from '../web/js/core/outbox.js';
import type { Prefs } from '../web/js/core/prefs.js';
import type { Store } from '../web/js/core/store.js';
import type { language } from '../web/js/core/i18n.js';
import type { Access, Api } from '../web/js/net/api.js';
import type { Connection } from '../web/js/net/connection.js';
import type {
  FromNode, Id, Marks, Member, Message, Place, PlaceText, State, Time,
} from './frames';

/** Words, times and days in the reader's language. */
export type Language = ReturnType<typeof language>;
export type Translate = Language['t'];

/** Storage that never fails, as `careful` makes it. */
export interface SafeStorage {
  get(key: string): string | null;
  set(key: string, value: string): void;
  remove(key: string): void;
  keys(): string[];
}

/** A timer's name; what it is depends on whose timers these are. */
export type TimerId = any;

export interface Timers {
  set(action: () => void, ms: number): TimerId;
  clear(timer: TimerId): void;
}

export interface Clock extends Timers {
  /** Milliseconds that only grow. */
  now(): number;
}

/** A member as the page holds it. */
export interface Held extends Omit<Member, 'since'> {
  since: Place | null;
}

/** Where the conversation is read from, a part at a time. */
export interface Pages {
  page(part: { after: PlaceText; limit: number }): Promise<{ messages: Message[]; more: boolean }>;
}

/** What is told to whoever looks elsewhere. */
export interface Told {
  title: string;
  body: string;
  tag: string;
  onClick(): void;
}

/** What the notifier asks of a browser. */
export interface Shell {
  possible(): boolean;
  permission(): string;
  request(): Promise<string>;
  show(told: Told): void;
  badge(count: number): void;
  beep(): void;
}

/** A message's text as a tree. */
export type Written = string | WrittenNode;
export interface WrittenNode {
  tag: string;
  attributes: Record<string, unknown>;
  children: Written[];
}

/** What members have signed, as the page holds it. */
export interface HeldReceipts {
  members: Map<Id, { stored: Marks; read: Marks; clock: number }>;
  delivered: Marks;
  read: Marks;
  final: number;
}

/** How far a message has come. */
export interface Mark {
  state: State;
  /** Members that it waits for, and which of them do and do not hold it. */
  of: number;
  have: Held[];
  lack: Held[];
  readers: Held[];
}

/** What an element can hold; `null`, `undefined` and `false` are left out. */
export type Child = Node | string | number | null | undefined | false;
export type Children = Child | readonly Children[];

/** A text that is not known to be committed. */
export interface Waiting {
  ref: string;
  text: string;
  at: number;
  epoch: string | null;
  /** Why it was refused; null while it was not. */
  failed: string | null;
  code?: string;
}

/** What is wanted of history: more at an end of what is held, the end, or a place. */
export type Wanted = 'older' | 'newer' | 'end' | Place;

/** What came of messages: see `Store.addLive`. */
export interface Arrived {
  added: Message[];
  late: Message[];
  above: Message[];
  below: Message[];
}

/** How the author of a line is called: `set` marks a name in a text. */
export interface Names {
  t: Translate;
  who: string;
  before: string | null | undefined;
  set(name: string): string;
}

/** A kind of entry: a line of the log, or the words and the element of a bubble. */
export interface Kind {
  /** As the node names it. */
  name: string;
  /** What it says that its author is called. */
  names?(message: Message): string;
  /** The line that it is. */
  line?(message: Message, names: Names): string;
  /** What its author wrote, with its marks. */
  text?(message: Message): string;
  /** What its row has to know, its words among it. */
  row?(message: Message, t: Translate): { text: string };
  /** What stands in its bubble. */
  show?(row: any, tools: RowTools): Node[];
  /** Whether it stands without a bubble. */
  isBare?(row: any): boolean;
}

/** What the row of a text is made from. */
export interface TextRow {
  key: string;
  text: string;
  folded?: string | null;
  failed?: boolean;
}

/** A frame of the node: see `net/frames/index.js`. */
export interface Frame<F extends FromNode = any, R = any> {
  type: F['type'];
  take?(frame: F, link: Link): R;
  show?(page: Screen, frame: F, result: R): void;
}

/** What frames ask of the connection that they came on. */
export type Link = Pick<Connection, 'store' | 'outbox' | 'full' | 'welcomed' | 'refused'>;

/** What frames ask of the page. */
export interface Screen {
  arrived(result: Arrived): void;
  typing(member: Id): void;
  unread(): void;
  welcomed(resumes: boolean): void;
  /** In the words of the key where they are known, else in the node's. */
  say(key: string | null, words: string): void;
}

/** What rows are made with. */
export interface RowTools {
  t: Translate;
  kinds: Store['kinds'];
  /** Keys of long messages that the reader has opened. */
  unfolded: Set<string>;
  onUnfold(): void;
  retry(ref: string): void;
  remove(ref: string): void;
  again(wanted: Wanted): void;
}

/** The page's fixed parts: see `app/layout.js`. */
export interface Parts {
  circle: HTMLElement;
  composer: HTMLTextAreaElement;
  count: HTMLElement;
  emoji: HTMLButtonElement;
  empty: HTMLElement;
  form: HTMLFormElement;
  jump: HTMLButtonElement;
  jumpCount: HTMLElement;
  jumpWords: HTMLElement;
  late: HTMLElement;
  lateClose: HTMLButtonElement;
  lateGo: HTMLButtonElement;
  left: HTMLElement;
  limit: HTMLElement;
  live: HTMLElement;
  log: HTMLElement;
  logo: SVGElement;
  main: HTMLElement;
  notices: HTMLElement;
  openInvite: HTMLButtonElement;
  openSettings: HTMLButtonElement;
  progress: HTMLProgressElement;
  rows: HTMLElement;
  send: HTMLButtonElement;
  state: HTMLElement;
  stateWords: HTMLElement;
  typing: HTMLElement;
  unread: HTMLElement;
  unreadGo: HTMLButtonElement;
  veil: HTMLElement;
}

/** What the page is made of, before it is seen. */
export interface Given {
  store: Store;
  outbox: Outbox;
  drafts: Drafts;
  connection: Connection;
  api: Api;
  access: Access;
  lang: Language;
  storage: SafeStorage;
  prefs: Prefs;
  notifier: Notifier;
  frames: Map<string, Frame>;
  channel: BroadcastChannel | null;
}

/** What can be done with a message, and with what waits. */
export interface Actions {
  retry(ref: string): void;
  remove(ref: string): void;
  copy(message: Message, button: HTMLElement): void;
  details(message: Message): void;
}

/** A time and a ring, as they stand beside a message. */
export interface Meta {
  at: Time;
  time: string;
  open?: string | null;
  quiet?: boolean;
  mark?: { state: State; of: number; have: number } | null;
  words?: string | null;
}

/**
 * A row of the log: see `log/rows.js`. Its `kind` says which of these it has; one with the same
 * `sign` needs no new element.
 */
export interface Row {
  key: string;
  kind: string;
  sign: string;
  metaSign: string;
  text: string;
  id?: string;
  at?: Time;
  time?: string;
}

/** The row of a message. */
export interface MessageRow extends Row {
  /** The kind of the message. */
  said: string;
  own: boolean;
  first: boolean;
  last: boolean;
  hue: string;
  name: string;
  alike: string | null;
  late: string | null;
  newer: string | null;
  folded: string | null;
  why: string | null;
  meta: Meta;
}

/** The row of a text that waits. */
export interface UnsentRow extends Row {
  ref: string;
  first: boolean;
  failed: boolean;
  you: string;
  mark: string;
  why: string | null;
  retry: string;
  remove: string;
}

/** In the place of what the node could not read. */
export interface FailedRow extends Row {
  wanted: Wanted;
  again: string;
}

export type AnyRow = Row | MessageRow | UnsentRow | FailedRow;

/** What is now: when it is, whether the node is away, whether there is an invitation to be had. */
export interface Now {
  time: Time;
  away: boolean;
  invites: boolean;
}

/** A panel beside the log: see `app/panels.js`. */
export interface Panel {
  name: string;
  icon: string;
  make(page: View): { content: Node[]; renew(now: Now): void };
}

/** What stands in for the store where only its standing in the order counts. */
export type Circle = Pick<Store, 'members' | 'receipts' | 'me'>;
export type { Outbox, Store };
