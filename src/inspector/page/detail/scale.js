/** Where moments stand on a line on which long silences are cut short. */

/** A silence that is longer than this many times all that happened is cut. */
const CUT_FACTOR = 1.5;
/** The share of the line that a cut silence keeps. */
const CUT_SHARE = 0.14;

/**
 * A scale for some spans `{from, to}` in ms: `at(ms)` is from 0 to 1, `cuts` are `{at, ms}` of the silences that were cut.
 */
export function scale(spans) {
  const edges = [...new Set(spans.flatMap(({ from, to }) => [from, to]))].sort((a, b) => a - b);
  const stretches = edges.slice(1).map((to, position) => {
    const from = edges[position];
    const isBusy = spans.some((span) => span.from <= from && span.to >= to && span.to > span.from);
    return { from, ms: to - from, isBusy, isCut: false };
  });
  cutSilences(stretches);
  const kept = stretches.filter((one) => !one.isCut).reduce((sum, one) => sum + one.ms, 0);
  const cutCount = stretches.filter((one) => one.isCut).length;
  const share = cutCount === 0 ? 0 : kept === 0 ? 1 / cutCount : Math.min(CUT_SHARE, 0.6 / cutCount);
  let start = 0;
  for (const one of stretches) {
    one.start = start;
    one.width = one.isCut ? share : kept === 0 ? 0 : (one.ms / kept) * (1 - share * cutCount);
    start += one.width;
  }
  const at = (ms) => {
    const one = stretches.findLast(({ from }) => from <= ms);
    if (!one) return 0;
    return Math.min(1, one.start + (one.ms === 0 ? 0 : Math.min(1, (ms - one.from) / one.ms)) * one.width);
  };
  const cuts = stretches.filter((one) => one.isCut).map((one) => ({ at: one.start + one.width / 2, ms: one.ms }));
  return { at, cuts };
}

/** Cuts the longest silence while it outweighs the rest. */
function cutSilences(stretches) {
  for (;;) {
    const left = stretches.filter((one) => !one.isCut);
    const longest = left.filter((one) => !one.isBusy).sort((a, b) => b.ms - a.ms)[0];
    const rest = left.reduce((sum, one) => sum + one.ms, 0) - (longest?.ms ?? 0);
    if (!longest || left.length < 2 || longest.ms <= Math.max(rest * CUT_FACTOR, 1)) return;
    longest.isCut = true;
  }
}
