/** Where moments stand on a line on which long silences are cut short. */

/** A silence is cut that is longer than so many times all the time in which something ran … */
const CUT_FACTOR = 1.5;
/** … and than this: the first steps of an event keep their distances. */
const MIN_CUT_MS = 50;
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
  const busy = stretches.filter((one) => one.isBusy).reduce((sum, one) => sum + one.ms, 0);
  for (const one of stretches) one.isCut = !one.isBusy && one.ms > Math.max(busy * CUT_FACTOR, MIN_CUT_MS);
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
