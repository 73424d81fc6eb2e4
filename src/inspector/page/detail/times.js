/** Times and long durations in words. */

/** `0.42 ms`, `12.3 ms`, `412 ms`, `3.2 s`, `4 min`, `2.5 h`, `3 d`; less than nothing with a minus. */
export function duration(ms) {
  const value = Math.abs(ms);
  const sign = ms < 0 ? '−' : '';
  if (value < 10) return `${sign}${Number(value.toFixed(2))} ms`;
  if (value < 100) return `${sign}${Number(value.toFixed(1))} ms`;
  if (value < 1000) return `${sign}${Math.round(value)} ms`;
  if (value < 60_000) return `${sign}${Number((value / 1000).toFixed(1))} s`;
  if (value < 3_600_000) return `${sign}${Number((value / 60_000).toFixed(1))} min`;
  if (value < 172_800_000) return `${sign}${Number((value / 3_600_000).toFixed(1))} h`;
  return `${sign}${Math.round(value / 86_400_000)} d`;
}

/** How long ago a time was, in one unit. */
export function since(time, now = Date.now()) {
  const seconds = Math.round((now - Date.parse(time)) / 1000);
  if (seconds < 5) return 'just now';
  if (seconds < 60) return `${seconds} s ago`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 172_800) return `${Math.floor(seconds / 3600)} h ago`;
  return `${Math.floor(seconds / 86_400)} days ago`;
}

/** Day and time of day in the zone of the reader, to the millisecond. */
export function moment(time) {
  const date = new Date(time);
  const two = (number) => String(number).padStart(2, '0');
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  const clock = [date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(':');
  return `${day} ${clock}.${String(date.getMilliseconds()).padStart(3, '0')}`;
}
