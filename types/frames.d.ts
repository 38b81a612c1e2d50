// What the node and the page say to each other: docs/api.md in types. Nothing of this is shipped.

/** A node's id: 64 hex digits. */
export type Id = string;
/** "LAMPORT.AUTHOR". */
export type PlaceText = string;
/** Milliseconds since 1970. */
export type Time = number;
/** Author to last sequence number. */
export type Marks = Record<Id, number>;

/** Where something stands in the order. */
export interface Place {
  lamport: number;
  author: Id;
}

export type State = 'kept' | 'delivered' | 'read';

export interface Message extends Place {
  id: string;
  name: string;
  seq: number;
  at: Time;
  kind: string;
  text: string;
  arrival: number;
  arrived_at: Time;
  ref?: string;
  of: number;
  state: State;
  final: boolean;
  quiet?: boolean;
  newer?: number;
  /** Not the node's word: the page has found it above what arrived before. */
  late?: boolean;
  /** Nor is this: it came in an `early`, and the node has not stored it yet. */
  early?: boolean;
}

export interface Member {
  id: Id;
  name: string;
  fingerprint: string;
  online: boolean;
  last_heard: Time | null;
  rtt_ms: number | null;
  via: Id | null;
  addresses: string[];
  links: Id[];
  left: boolean;
  aside: boolean;
  disputed: number | null;
  since: PlaceText | null;
}

export interface MemberReceipts {
  stored?: Marks;
  read?: Marks;
  clock?: number;
}

export interface Receipts {
  members?: Record<Id, MemberReceipts>;
  delivered?: Marks;
  read?: Marks;
  final?: number;
}

/** What the reader has not read, as a `welcome` has it. */
export interface Unread {
  upto?: PlaceText | null;
  arrival?: number;
  behind?: Marks;
  more?: boolean;
  first?: PlaceText | null;
  count?: number;
}

export interface Welcome {
  type: 'welcome';
  version: string;
  epoch: string;
  arrival: number;
  me: Id;
  name: string;
  circle: string;
  clock: number;
  members: Member[];
  read: Unread;
  read_receipts: boolean;
  receipts: Receipts;
  messages: Message[];
  more: boolean;
  catching_up: { held: number; of: number } | null;
  store: string;
  left: boolean;
  rest: number;
}

export interface Messages {
  type: 'messages';
  messages: Message[];
}

export interface Early {
  type: 'early';
  messages: Message[];
}

export interface Changed {
  type: 'changed';
  messages: Message[];
}

export interface Page {
  type: 'page';
  before?: PlaceText;
  after?: PlaceText;
  messages: Message[];
  more: boolean;
}

export interface Sent {
  type: 'sent';
  ref?: string;
  message: Message;
}

export interface ReceiptsMoved extends Receipts {
  type: 'receipts';
}

export interface Members {
  type: 'members';
  circle: string;
  members: Member[];
}

export interface MembersChanged {
  type: 'members_changed';
  circle: string;
  members: Member[];
}

export interface Heard {
  type: 'heard';
  members: Record<Id, Pick<Member, 'rtt_ms' | 'last_heard'>>;
}

export interface Typing {
  type: 'typing';
  member: Id;
}

export interface Progress {
  type: 'progress';
  held: number;
  of: number;
  done: boolean;
}

export interface Notice {
  type: 'notice';
  code: string;
  message: string;
  count?: number;
}

export interface Failure {
  type: 'error';
  ref?: string;
  before?: PlaceText;
  after?: PlaceText;
  code: string;
  message: string;
}

/** What the node sends. */
export type FromNode =
  | Welcome | Early | Messages | Changed | Page | Sent | ReceiptsMoved | Members | MembersChanged
  | Heard | Typing | Progress | Notice | Failure;

export interface Auth {
  type: 'auth';
  token: string;
}

export interface Resume {
  type: 'resume';
  epoch: string | null;
  arrival: number;
}

export interface Send {
  type: 'send';
  text: string;
  ref: string;
}

/** A question about history. */
export interface Question {
  type: 'history';
  before?: PlaceText;
  after?: PlaceText;
  limit: number;
  ref: string;
}

export interface Read {
  type: 'read';
  marks: Marks;
}

/** What the page sends. */
export type ToNode = Auth | Resume | Send | Question | Read | { type: 'typing' };
