/** Copying text, and the small button that does so. */

import { html, useEffect, useRef, useState } from './vendor/preact-htm.js';
import { Icon } from './glyphs.js';

/** How long a button says that it has copied. */
const SAID_MS = 1500;

/** Copies through a selection, for where the clipboard is not allowed. */
function copySelected(text) {
  const field = document.createElement('textarea');
  field.value = text;
  field.className = 'spoken';
  const dialog = document.querySelector('dialog[open]');
  (dialog ?? document.body).append(field);
  const before = document.activeElement;
  field.select();
  const isCopied = document.execCommand('copy');
  field.remove();
  before?.focus?.({ preventScroll: true });
  return isCopied;
}

/** Copies a text; false where the browser refuses. */
export async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copySelected(text);
  }
}

/** A button that copies `text`; `label` is its accessible name. */
export function CopyButton({ text, label, notify }) {
  const [isCopied, setCopied] = useState(false);
  const timer = useRef(0);
  useEffect(() => () => clearTimeout(timer.current), []);
  const copy = async () => {
    if (!(await copyText(text))) return notify?.('The browser does not allow copying', 'error');
    notify?.('Copied');
    setCopied(true);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => setCopied(false), SAID_MS);
  };
  return html`<button type="button" class="button plain small icon copy" aria-label=${label} title=${label} onClick=${copy}>
    <${Icon} name=${isCopied ? 'check' : 'copy'} />
  </button>`;
}
