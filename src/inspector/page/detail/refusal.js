/**
 * What a verdict says, taken apart for the page: which check, what was expected, what came. A signature that would
 * be right never leaves the machine, so what was expected is said in words.
 */

import { duration } from './times.js';

const PLACE = /\b(?:header|query parameter|query value|form field|body field)s? `([^`]+)`/;
const TIMES = /\((age|ahead) (-?\d+) s, tolerance (\d+) s\)/;

const READERS = [
  [/^digest mismatch: the (.+?) signature in (.+?) is not/, ([, algorithm]) => computed(algorithm)],
  [/^none of the \d+ signatures in (.+?) match the (.+?) signature/, ([, , algorithm]) => computed(algorithm)],
  [/^missing signature: the request has no (signature .+)$/, ([, what]) => ({ expected: `a ${what}`, isMissing: true })],
  [/^missing signature: the request has no (.+)$/, ([, place]) => ({ expected: `a signature in ${place}`, isMissing: true })],
  [/^cannot check the signature: the request has no (.+)$/, ([, place]) => ({ expected: place, isMissing: true })],
  [/^malformed signature in (.+?): (.+)$/, ([, , problem]) => ({ expected: 'a signature in the form of the provider', problem })],
  [/^malformed timestamp `(.*)`: expected (.+)$/, ([, value, expected]) => ({ expected, received: value })],
  [/^the credential in (.+?) is not/, () => ({ expected: 'the credential that is configured here' })],
  [/^timestamp too /, ([], reason) => times(reason)],
];

const NOTHING = { expected: null, received: null, isMissing: false, isMasked: false, isComputed: false, isTold: false, problem: null };

function computed(algorithm) {
  return { expected: `the ${algorithm} signature of exactly these bytes, made with your secret`, isComputed: true };
}

function times(reason) {
  const [, side, distance, tolerance] = TIMES.exec(reason) ?? [];
  if (!side) return {};
  const word = side === 'age' ? 'before' : 'after';
  return {
    expected: `signed at most ${duration(tolerance * 1000)} ${word} it arrived`,
    received: `signed ${duration(distance * 1000)} ${word} it arrived`,
    isTold: true,
  };
}

/**
 * `{check, expected, received, isMissing, isMasked, isComputed, isTold, problem}` of a verdict and the headers of its
 * request; what is not known is null. `isTold` says that `received` is a sentence and no value.
 */
export function refusal(verdict, headers, encodings = []) {
  const reason = verdict.reason ?? '';
  const place = PLACE.exec(reason)?.[1]?.toLowerCase() ?? null;
  const at = headers.findIndex(([name]) => name.toLowerCase() === place);
  const facts = { ...NOTHING, check: checkOf(reason, verdict.scheme) };
  if (at >= 0) {
    facts.isMasked = encodings.some(([position, word]) => position === at && word === 'masked');
    facts.received = facts.isMasked ? null : headers.filter(([name]) => name.toLowerCase() === place).map(([, value]) => value).join('\n');
  }
  for (const [pattern, read] of READERS) {
    const match = pattern.exec(reason);
    if (match) return { ...facts, ...read(match, reason) };
  }
  return facts;
}

function checkOf(reason, scheme) {
  const what = /^timestamp|^malformed timestamp/.test(reason) ? 'age of the signature' : /credential/.test(reason) ? 'credential' : 'signature';
  return scheme ? `${what} (${scheme})` : what;
}

/** What it means that there is none. */
const UNSIGNED = { id: 'unsigned', what: 'the sender signs nothing, or something on the way dropped it', then: null };

/** What a signature that differs means where no change was found that explains it. */
const UNEXPLAINED = [
  { id: 'secret', what: 'the sender signs with another secret than the one given here',
    cure: 'compare it with the one that the provider shows for this very endpoint: each has its own, and test and live mode too', then: null },
  { id: 'body', what: 'the body was changed after it was signed', cure: 'compare it with what the provider’s log of deliveries shows', then: null },
];

/**
 * The causes that were found, likeliest first, one of each kind, then what can be seen without the secret:
 * `{what, cure, then}`. `rest` are those of the same kinds.
 */
export function causes(verdict) {
  const { explanation, hint } = verdict;
  const all = [];
  if (explanation?.change) all.push({ ...explanation.change, cure: explanation.cure });
  all.push(...(explanation?.alternatives ?? []));
  const kinds = new Set();
  const first = [];
  const rest = [];
  for (const cause of all) {
    const kind = cause.id.split('.')[0];
    (kinds.has(kind) ? rest : first).push(cause);
    kinds.add(kind);
  }
  const seen = (explanation?.seen ?? []).map((what) => ({ id: what, what, cure: null, then: null }));
  const ranked = [...first, ...seen];
  if (!explanation?.change && /^digest mismatch|^none of the \d+ signatures/.test(verdict.reason ?? '')) ranked.push(...UNEXPLAINED);
  if (hint && /^missing signature/.test(verdict.reason ?? '') && ranked.length === 0) {
    ranked.push({ ...UNSIGNED, cure: hint });
  } else if (hint && !ranked.some(({ what, cure }) => hint === what || (cure && hint.includes(cure)))) {
    ranked.unshift({ id: 'hint', what: hint, cure: null, then: null });
  }
  return { ranked, rest };
}

/** The command that shows what is compared, with the secret of one of these labels where that can be written. */
export function explaining(id, labels) {
  const [, variable] = labels.map((label) => /^env:(\w+)$/.exec(label)).find(Boolean) ?? [];
  return `hookctl verify ${id} --explain${variable ? ` --secret-env ${variable}` : ''}`;
}

/** What to do about an event that was not checked, as `{text, command}`. */
export function unchecked(verdict, provider) {
  const reason = verdict.reason ?? 'not checked';
  if (/does not sign/.test(reason) || /switched off/.test(reason)) return { text: '', command: null };
  if (/no known provider/.test(reason)) return { text: 'say whose it is', command: 'hookctl listen --provider NAME' };
  if (/no secret/.test(reason)) return { text: 'give the secret in a variable', command: `hookctl listen --provider ${provider} --secret-env NAME` };
  return { text: '', command: null };
}
