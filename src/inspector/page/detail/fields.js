/**
 * The values of a JSON text as fields that can be edited one by one. An edit replaces the token of one value;
 * every other character stays as it was.
 */

import { check, tokens } from './json.js';

/** Fields that are offered; a longer text is edited as text. */
export const MAX_FIELDS = 400;

/**
 * The values that are no containers, in order: `{place, steps, kind, from, to, literal}`. `place` is a JSON
 * pointer, `steps` what it is made of. `isCut` says that there are more. Throws a JsonError.
 */
export function fields(text, limit = MAX_FIELDS) {
  const found = [];
  const steps = [];
  let isCut = false;
  for (const { kind, from, to } of tokens(text)) {
    const literal = text.slice(from, to);
    switch (kind) {
      case '{':
      case '[':
        steps.push(kind === '[' ? 0 : '');
        break;
      case '}':
      case ']':
        steps.pop();
        break;
      case 'key':
        steps[steps.length - 1] = JSON.parse(literal);
        break;
      case ',':
        if (typeof steps.at(-1) === 'number') steps[steps.length - 1] += 1;
        break;
      case ':':
        break;
      default:
        if (found.length < limit) found.push({ place: pointer(steps), steps: [...steps], kind, from, to, literal });
        else isCut = true;
    }
  }
  return { fields: found, isCut };
}

/** The JSON pointer (RFC 6901) of a path. */
export function pointer(steps) {
  return steps.map((step) => `/${String(step).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}

/** What a person edits: the text of a string, and any other value as written. */
export function shown(field) {
  return field.kind === 'string' ? JSON.parse(field.literal) : field.literal;
}

/**
 * The JSON of what a person typed into a field of this kind: `{literal}` or `{error}`. A string stays as it was
 * written where its text is the same.
 */
export function typed(field, text) {
  if (text === shown(field)) return { literal: field.literal };
  if (field.kind === 'string') return { literal: JSON.stringify(text) };
  const error = check(text);
  if (error) return { error: field.kind === 'number' ? 'not a number' : error.message };
  const kind = tokens(text).next().value.kind;
  if (field.kind === 'number' && kind !== 'number' && kind !== 'null') return { error: 'not a number' };
  return { literal: text.trim() };
}

/** The text with one field replaced. */
export function replaced(text, field, literal) {
  return text.slice(0, field.from) + literal + text.slice(field.to);
}
