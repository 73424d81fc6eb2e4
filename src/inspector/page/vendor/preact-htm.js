/** The one place that names the vendored libraries: Preact, its hooks, and htm bound to them. */

import { h } from './preact.js';
import htm from './htm.js';

/** A tagged template that makes elements: html`<p class="note">${text}</p>`. */
export const html = htm.bind(h);

export * from './preact.js';
export * from './hooks.js';
