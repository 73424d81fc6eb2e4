/** Foreign text in a component. */

import { html } from '../vendor/preact-htm.js';
import { pieces } from './visible.js';

/** Foreign text in its own direction, with hidden characters shown. */
export function Visible({ text }) {
  const part = ({ text: shown, name }) => (name ? html`<span class="hidden-character" title=${name}>${shown}</span>` : shown);
  return html`<bdi>${pieces(String(text)).map(part)}</bdi>`;
}

/** A sentence of hookctl that may quote foreign text: what stands in backticks is shown as code. */
export function Sentence({ text }) {
  const parts = String(text).split(/`([^`]+)`/);
  return parts.map((part, position) => (position % 2 === 1 ? html`<code><${Visible} text=${part} /></code>` : part && html`<${Visible}
      text=${part} />`));
}
