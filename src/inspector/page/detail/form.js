/** The fields of a form or a query, decoded. */

import { indented } from './json.js';

/** Longer values are not laid out here: a step of text at most is shown at once. */
const MAX_PRETTY = 128 * 1024;

/** `{name, value, pretty}` in order, with repeats; `pretty` is the layout of a value that is a JSON object or list. */
export function fieldsOf(text) {
  return Array.from(new URLSearchParams(text), ([name, value]) => ({ name, value, pretty: layout(value) }));
}

/** The layout of a text that is a JSON object or list, else null. */
export function layout(value) {
  if (!/^\s*[{[]/.test(value) || value.length > MAX_PRETTY) return null;
  try {
    return indented(value);
  } catch {
    return null;
  }
}
