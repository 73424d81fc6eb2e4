/** Starts the page: takes the token out of the address bar, then draws, at most once for each frame of the screen. */

import { html, options, render } from './vendor/preact-htm.js';
import { keepToken, token } from './api.js';
import { App } from './app.js';
import { sendAway } from './lodgers.js';
import { answerNeighbours, askNeighbours } from './neighbours.js';
import { Page } from './page.js';
import { takeToken } from './route.js';

options.debounceRendering = requestAnimationFrame;

const found = takeToken();
if (found) keepToken(found);

function start() {
  const page = new Page({ isLocked: token() === null });
  const place = document.getElementById('app');
  place.replaceChildren();
  render(html`<${App} page=${page} />`, place);
  if (token() !== null) page.start();
  return page;
}

if (await sendAway()) {
  location.reload();
} else {
  if (token() === null) await askNeighbours();
  const page = start();
  answerNeighbours(() => page.store.value.connection === 'live');
}
