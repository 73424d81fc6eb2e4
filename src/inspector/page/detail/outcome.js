/** What came of a delivery, in words. */

import { milliseconds } from '../words.js';

/** Whether a target took it. */
export function isTaken(delivery) {
  return !delivery.error && delivery.status >= 200 && delivery.status < 300;
}

/** `200 in 8.4 ms from http://…`, or why there was no answer. */
export function outcome({ target, delivery }) {
  const to = target ?? delivery.target;
  if (delivery.error) return `${to}: ${delivery.error.message} (${delivery.error.kind}, after ${milliseconds(delivery.duration_ms)})`;
  return `${delivery.status} in ${milliseconds(delivery.duration_ms)} from ${to}`;
}

/** What to say of several: the text, and whether it is an error. */
export function outcomes(deliveries) {
  const isError = deliveries.length === 0 || deliveries.some(({ delivery }) => !isTaken(delivery));
  return { text: deliveries.map(outcome).join('; ') || 'nothing was delivered', kind: isError ? 'error' : 'info' };
}

/** The text of an error with its cure. */
export function complaint(error) {
  return error.hint ? `${error.message} (${error.hint})` : error.message;
}
