import { textNodes } from './text.js';
export const markdown = (text) => textNodes(text);
export const plain = (text) => text;
