// Of marked what the page uses: see tools/vendor.mjs.

/** A piece of Markdown; which of these it has depends on its type. */
export interface Token {
  type: string;
  raw: string;
  text?: string;
  href?: string;
  title?: string | null;
  tokens?: Token[];
  items?: Token[];
  ordered?: boolean;
  start?: number | '';
  loose?: boolean;
  task?: boolean;
  checked?: boolean;
  escaped?: boolean;
}

export class Tokenizer {
  blockquote(src: string): Token | undefined;
  code(src: string): Token | undefined;
  def(src: string): Token | undefined;
  del(src: string, mask: string, before: string): Token | undefined;
  emStrong(src: string, mask: string, before: string): Token | undefined;
  list(src: string): Token | undefined;
  url(src: string): Token | undefined;
}

export class Lexer {
  constructor(options: { gfm: boolean; breaks: boolean; tokenizer: Tokenizer });
  lex(text: string): Token[];
}
