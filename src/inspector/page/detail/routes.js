/** The addresses of the API that belong to one event. */

/** The event itself. */
export const eventPath = (id) => `/api/events/${encodeURIComponent(id)}`;

/** The body of its request. */
export const bodyPath = (id) => `${eventPath(id)}/body`;

/** The body of the answer to its `number`-th delivery, from 1. */
export const answerPath = (id, number) => `${eventPath(id)}/deliveries/${number}/body`;

/** A fixture; event types may hold slashes. */
export const fixturePath = (provider, event) => `/api/fixtures/${encodeURIComponent(provider)}/${encodeURIComponent(event)}`;
