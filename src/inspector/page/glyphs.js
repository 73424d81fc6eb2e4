/** The pictures of the page, as inline SVG that takes the colour of its text. */

import { html } from './vendor/preact-htm.js';

/** Outlines on a grid of 16, drawn with round strokes. */
const ICONS = {
  copy: ['M5.5 5.5v-2a1 1 0 0 1 1-1h6a1 1 0 0 1 1 1v6a1 1 0 0 1-1 1h-2', 'M3.5 5.5h6a1 1 0 0 1 1 1v6a1 1 0 0 1-1 1h-6a1 1 0 0 1-1-1v-6a1 1 0 0 1 1-1z'],
  check: ['M3 8.5l3.2 3.2L13 4.8'],
  search: ['M7 2.5a4.5 4.5 0 1 1 0 9 4.5 4.5 0 0 1 0-9z', 'M10.4 10.4l3.1 3.1'],
  send: ['M13.8 2.2L7.2 8.8', 'M13.8 2.2l-4.2 11.6-2.4-5-5-2.4z'],
  sun: ['M8 5.2a2.8 2.8 0 1 1 0 5.6 2.8 2.8 0 0 1 0-5.6z', 'M8 1.5v1.2M8 13.3v1.2M1.5 8h1.2M13.3 8h1.2M3.4 3.4l.9.9M11.7 11.7l.9.9M3.4 12.6l.9-.9M11.7 4.3l.9-.9'],
  moon: ['M13.2 9.8A5.7 5.7 0 0 1 6.2 2.8a5.7 5.7 0 1 0 7 7z'],
  auto: ['M8 2.2a5.8 5.8 0 1 1 0 11.6A5.8 5.8 0 0 1 8 2.2z', 'M8 2.2v11.6M8.2 5.2h3.9M8.2 8h5.4M8.2 10.8h3.9'],
  question: ['M8 1.8a6.2 6.2 0 1 1 0 12.4A6.2 6.2 0 0 1 8 1.8z', 'M6.2 6.4a1.8 1.8 0 1 1 2.7 1.6c-.6.4-.9.7-.9 1.3', 'M8 11.4v.1'],
  close: ['M4 4l8 8M12 4l-8 8'],
  back: ['M9.8 3.2L5 8l4.8 4.8'],
  up: ['M8 13V3.4M3.8 7.4L8 3.2l4.2 4.2'],
  pause: ['M5.5 3.5v9M10.5 3.5v9'],
  play: ['M5 3.2v9.6L12.6 8z'],
  pin: ['M9.6 2.4l4 4-2 .6-2.6 2.6-.3 2.9-5.2-5.2 2.9-.3L9 4.4z', 'M5.9 10.1l-3.5 3.5'],
  replay: ['M3 8a5 5 0 1 0 1.6-3.7L2.8 6', 'M2.8 2.8V6H6'],
  retry: ['M13 8a5 5 0 1 1-1.5-3.6L13.2 6', 'M13.2 2.8V6H10'],
  edit: ['M10.8 2.9l2.3 2.3-7.4 7.4-3 .7.7-3z'],
  key: ['M6 7.2a2.9 2.9 0 1 0 0 3.2M6.3 8.8h7.2v2.4M11 8.8v1.8'],
  compare: ['M6.5 2.5h-3v11h3M9.5 2.5h3v11h-3M8 1.5v13'],
  export: ['M8 10V2.6M5 5.4l3-3 3 3', 'M3 9.5v4h10v-4'],
  download: ['M8 2.4v7.4M5 7l3 3 3-3', 'M3 10.5v3h10v-3'],
  terminal: ['M2.5 3.5h11v9h-11z', 'M5 6.5l2 1.7-2 1.7M8.6 10h2.6'],
  link: ['M6.8 9.2a2.6 2.6 0 0 0 3.7 0l2-2a2.6 2.6 0 1 0-3.7-3.7l-.9.9', 'M9.2 6.8a2.6 2.6 0 0 0-3.7 0l-2 2a2.6 2.6 0 1 0 3.7 3.7l.9-.9'],
  warning: ['M8 2.4l6 10.8H2z', 'M8 6.4v3.2M8 11.4v.1'],
  more: ['M3.5 8h.1M8 8h.1M12.4 8h.1'],
  down: ['M4 6.2l4 4 4-4'],
};

/** A picture by name; it says nothing to a screen reader, its button or text does. */
export function Icon({ name, size = 16 }) {
  return html`<svg class="icon-picture" width=${size} height=${size} viewBox="0 0 16 16" fill="none" stroke="currentColor"
    stroke-width="1.5" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true" focusable="false">
    ${(ICONS[name] ?? []).map((path) => html`<path d=${path} />`)}
  </svg>`;
}

/** Each verdict has a shape of its own, so that it never hangs on colour alone. */
const VERDICTS = {
  valid: { colour: 'good', fill: 'M8 1.2a6.8 6.8 0 1 1 0 13.6A6.8 6.8 0 0 1 8 1.2z', stroke: 'M4.9 8.3l2.2 2.2 4.1-4.7' },
  invalid: { colour: 'bad', fill: 'M5.3 1.3h5.4l4 4v5.4l-4 4H5.3l-4-4V5.3z', stroke: 'M5.6 5.6l4.8 4.8M10.4 5.6l-4.8 4.8' },
  unsigned: { colour: 'warn', fill: 'M8 1.4l7.2 13H.8z', stroke: 'M8 6v3.8M8 12v.1' },
  unchecked: { colour: 'quiet', ring: 'M8 2.2a5.8 5.8 0 1 1 0 11.6A5.8 5.8 0 0 1 8 2.2z', stroke: '' },
};

/** The picture of a verdict, with its word for screen readers. */
export function VerdictGlyph({ status, size = 14, isSpoken = true }) {
  const { colour, fill, ring, stroke } = VERDICTS[status] ?? VERDICTS.unchecked;
  return html`<span class=${`verdict-glyph ${colour}`} title=${status}>
    <svg width=${size} height=${size} viewBox="0 0 16 16" aria-hidden="true" focusable="false">
      ${fill && html`<path d=${fill} fill="currentColor" />`}
      ${ring && html`<path d=${ring} fill="none" stroke="currentColor" stroke-width="1.6" stroke-dasharray="2.4 2.15" />`}
      <path d=${stroke} fill="none" stroke="var(--surface)" stroke-width="1.8" stroke-linecap="round" stroke-linejoin="round" />
    </svg>
    ${isSpoken && html`<span class="spoken">${status}</span>`}
  </span>`;
}

/** The product's mark: a hook. */
export function Mark({ size = 20 }) {
  return html`<svg class="mark" width=${size} height=${size} viewBox="0 0 20 20" aria-hidden="true" focusable="false">
    <rect width="20" height="20" rx="5" fill="var(--accent-fill)" />
    <path d="M12.6 4.2v6.9a3.4 3.4 0 1 1-6.8 0V9.4l2.3 2.3" fill="none" stroke="#fff" stroke-width="1.8" stroke-linecap="round" stroke-linejoin="round" />
  </svg>`;
}
