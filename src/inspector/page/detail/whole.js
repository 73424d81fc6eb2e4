/** Whole bodies, for the clipboard and for files. */

import { text } from '../api.js';
import { isBinary } from './hex.js';

/** The bytes of a body. */
export async function wholeBytes(path) {
  return (await text(path)).bytes;
}

/** A body as text to the letter; throws where it is none, since a clipboard would change it. */
export async function wholeText(path) {
  const bytes = await wholeBytes(path);
  if (isBinary(bytes)) throw new Error('the body is no text: download it');
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
}
