/** How times, durations, sizes and statuses are written. */

const number = new Intl.NumberFormat('en');
const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' });
const minute = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' });
const day = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' });
const whole = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'long' });

/** 12345 as 12,345. */
export const count = (n) => number.format(n);

/** `1 event`, `2 events`. */
export const counted = (n, one, many = `${one}s`) => `${count(n)} ${n === 1 ? one : many}`;

const STEPS = [[60, 's', 1], [3600, 'm', 60], [86400, 'h', 3600], [Infinity, 'd', 86400]];

/** How long ago an RFC 3339 time was: `now`, `12s`, `4m`, `3h`, `2d`. */
export function ago(time, now) {
  const seconds = Math.max(0, Math.floor((now - Date.parse(time)) / 1000));
  if (Number.isNaN(seconds)) return '';
  if (seconds < 2) return 'now';
  const [, unit, size] = STEPS.find(([below]) => seconds < below);
  return `${Math.floor(seconds / size)}${unit}`;
}

/** 14:03:21 in the reader's own zone. */
export const clockTime = (time) => clock.format(new Date(time));

/** 14:03. */
export const clockMinute = (time) => minute.format(new Date(time));

/** 3 Feb, 14:03. */
export const dayTime = (time) => day.format(new Date(time));

/** Day, time and zone, for titles. */
export const wholeTime = (time) => whole.format(new Date(time));

/** A duration: `0.8 ms`, `112 ms`, `1.23 s`, `2m 05s`. */
export function milliseconds(ms) {
  if (ms === null || ms === undefined) return '';
  // Bounds where rounding would reach the next unit.
  if (ms < 9.95) return `${ms.toFixed(1)} ms`;
  if (ms < 999.5) return `${Math.round(ms)} ms`;
  if (ms < 59_995) return `${(ms / 1000).toFixed(2)} s`;
  const seconds = Math.round(ms / 1000);
  return `${Math.floor(seconds / 60)}m ${String(seconds % 60).padStart(2, '0')}s`;
}

/** A size: `311 B`, `12.4 KB`, `3.1 MB` (of 1,024, as the command line writes them). */
export function bytes(n) {
  if (n < 1024) return `${n} B`;
  return n < 1023.95 * 1024 ? `${(n / 1024).toFixed(1)} KB` : `${(n / 1024 / 1024).toFixed(1)} MB`;
}

/** The colour class of an HTTP status; none (null) is a delivery that failed. */
export function statusClass(status) {
  if (status === null || status === undefined || status >= 500) return 'bad';
  if (status >= 400) return 'warn';
  return status >= 300 || status < 200 ? 'info' : 'good';
}

/** Characters that a terminal obeys, or that hide what stands there. */
const UNSEEN = /[\p{Cc}\p{Cf}]/gu;

const escaped = (text) => Array.from(new TextEncoder().encode(text), (byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join('');

/** A text as one word of bash, in which everything can be seen: what is pasted may be run as it is pasted. */
export function shellQuoted(text) {
  if (text.search(UNSEEN) < 0) return `'${text.replaceAll("'", "'\\''")}'`;
  return `$'${text.replace(/[\\']/g, '\\$&').replace(UNSEEN, escaped)}'`;
}

/** The same, without quotes where the shell sees nothing but letters in it. */
export const shellWord = (text) => (/^[\w./:@%+,][\w./:@%+,-]*$/.test(text) ? text : shellQuoted(text));
