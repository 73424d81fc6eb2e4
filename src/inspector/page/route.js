/** What stands after the `#`: an event's permalink, the filter, and once the token. */

const EVENT = /^\/events\/([^/?]+)/;

/** `#/events/ID?filter=TEXT` as `{id, filter}`. */
export function readRoute(hash = location.hash) {
  const text = hash.replace(/^#/, '');
  const [path, query = ''] = text.split(/\?(.*)/s);
  const id = EVENT.exec(path)?.[1];
  return { id: id ? decoded(id) : null, filter: new URLSearchParams(query).get('filter') ?? '' };
}

/** The text after `#` for an event and a filter. */
export function routeText({ id, filter }) {
  const path = id ? `#/events/${encodeURIComponent(id)}` : '#/';
  return filter ? `${path}?${new URLSearchParams({ filter })}` : path;
}

/** Shows a route in the address bar; `isStep` makes it one to go back from. */
export function showRoute(route, isStep) {
  const text = routeText(route);
  if (text === location.hash || (text === '#/' && location.hash === '')) return;
  history[isStep ? 'pushState' : 'replaceState'](null, '', text);
}

/** The whole link to an event, without the token. */
export const linkTo = (id) => `${location.origin}${location.pathname}${routeText({ id })}`;

/** The token in a printed URL, a fragment or alone, or null. */
export const tokenIn = (text) => /(?:^|[#?&]token=)([0-9a-f]{32})(?![0-9a-f])/i.exec(text.trim())?.[1] ?? null;

/** Takes the token out of the address bar, so that it is in no history, bookmark or screenshot. */
export function takeToken() {
  const found = /[#?&]token=([^&]*)/.exec(location.hash);
  if (!found) return null;
  const rest = location.hash.replace(/([#?&])token=[^&]*&?/, '$1').replace(/[?&]$/, '');
  history.replaceState(null, '', rest === '#' || rest === '' ? '#/' : rest);
  return tokenIn(found[1]);
}

function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
