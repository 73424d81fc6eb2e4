/** A button that copies text which is already here, or which is fetched first. */

import { html, useEffect, useRef, useState } from '../vendor/preact-htm.js';
import { notify } from '../announce.js';
import { copyText } from '../clipboard.js';
import { Icon } from '../glyphs.js';

const SAID_FOR_MS = 1500;

/** Puts text on the clipboard; throws where the browser refuses. */
export async function copied(text) {
  if (!(await copyText(text))) throw new Error('the browser does not let this page copy');
}

/** `label` says what is copied; with a `title` it is a button with that text, else a picture. */
export function CopyButton({ text, read, label, title = null }) {
  const [isDone, setDone] = useState(false);
  const timer = useRef(0);
  useEffect(() => () => clearTimeout(timer.current), []);
  const copy = async () => {
    try {
      await copied(read ? await read() : text);
      setDone(true);
      clearTimeout(timer.current);
      timer.current = setTimeout(() => setDone(false), SAID_FOR_MS);
      notify('Copied');
    } catch (error) {
      notify(`Not copied: ${error.message}`, 'error', error.hint ?? null);
    }
  };
  return html`<button type="button" class=${`button plain small copy-button ${title ? '' : 'icon'}`} onClick=${copy} aria-label=${label}
      title=${label}>
    <${Icon} name=${isDone ? 'check' : 'copy'} size="14" />${title}
  </button>`;
}
