/** What two events differ in, made ready to be shown. */

/** Same lines that stay around a change. */
const AROUND = 3;
/** Fewer same lines than this are not worth a click. */
const MIN_FOLDED = 4;
/** Longer values make no filter that anybody reads. */
const MAX_VALUE = 200;

/** The filter that asks for a value at a place, or null where the filter language has none. */
export function filterOf(place, value) {
  if (value === null || value === '***') return null;
  const [, kind, rest] = /^(json|header|query|form|provider|event|verdict)(:.*)?$/s.exec(place) ?? [];
  if (!kind) return null;
  const plain = kind === 'json' ? scalar(value) : value;
  if (plain === null || plain === '' || plain.length > MAX_VALUE || /["\n\r]/.test(plain) || /[\s"=~<>!]/.test(place)) return null;
  // A quote or an operator at the beginning would be taken for one.
  const quoted = /\s|^['=~<>]/.test(plain) ? `"${plain.replaceAll('\\', '\\\\')}"` : plain;
  return rest === undefined ? `${kind}:${quoted}` : `${kind}${rest.replace(/#\d+$/, '')}=${quoted}`;
}

/** The text of a JSON scalar, or null. */
function scalar(literal) {
  if (literal.startsWith('{') || literal.startsWith('[')) return null;
  if (!literal.startsWith('"')) return literal;
  try {
    return JSON.parse(literal);
  } catch {
    return null;
  }
}

/** Where two lines differ: from `from` to `before` in the one, to `after` in the other. */
export function changedPart(one, other) {
  const least = Math.min(one.length, other.length);
  let from = 0;
  while (from < least && one[from] === other[from]) from += 1;
  let same = 0;
  while (same < least - from && one[one.length - 1 - same] === other[other.length - 1 - same]) same += 1;
  // No pair of surrogates is taken apart.
  if (from > 0 && /[\ud800-\udbff]/.test(one[from - 1])) from -= 1;
  if (same > 0 && /[\udc00-\udfff]/.test(one[one.length - same])) same -= 1;
  return { from, before: one.length - same, after: other.length - same };
}

/** The lines in runs `{isFolded, lines, start}`: what is the same and far from any change is folded. */
export function folded(lines) {
  const isNear = new Array(lines.length).fill(false);
  lines.forEach(({ kind }, at) => {
    if (kind === 'same') return;
    for (let near = Math.max(0, at - AROUND); near <= Math.min(lines.length - 1, at + AROUND); near += 1) isNear[near] = true;
  });
  const runs = [];
  lines.forEach((line, at) => {
    const isFolded = !isNear[at];
    if (runs.at(-1)?.isFolded !== isFolded) runs.push({ isFolded, lines: [], start: at });
    runs.at(-1).lines.push(line);
  });
  const merged = [];
  for (const run of runs) {
    const isFolded = run.isFolded && run.lines.length >= MIN_FOLDED;
    if (!isFolded && merged.at(-1)?.isFolded === false) merged.at(-1).lines.push(...run.lines);
    else merged.push({ ...run, isFolded });
  }
  return merged;
}
