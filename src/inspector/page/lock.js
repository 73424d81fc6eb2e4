/** The page without a token: it asks for the URL that hookctl printed. */

import { html, useEffect, useRef, useState } from './vendor/preact-htm.js';
import { keepToken } from './api.js';
import { Mark } from './glyphs.js';
import { tokenIn } from './route.js';

/** Asks for the printed URL; `wasRefused` says that the token this tab had is another's. */
export function Lock({ wasRefused, onToken }) {
  const [error, setError] = useState(wasRefused ? 'The token of this tab was refused: hookctl has another one now.' : '');
  const field = useRef(null);
  useEffect(() => field.current.focus(), []);
  const open = (event) => {
    event.preventDefault();
    const found = tokenIn(field.current.value);
    if (!found || !keepToken(found)) {
      setError('There is no token in this text: it ends in #token= and 32 letters and digits.');
      field.current.focus();
      return;
    }
    onToken();
  };
  return html`<main class="lock"><form class="lock-card" onSubmit=${open}>
    <${Mark} size="36" />
    <h1>hookctl inspector</h1>
    <p class="soft">This page needs the token that hookctl printed. Open the printed URL, or paste it here:</p>
    <label class="spoken" for="lock-url">Printed URL</label>
    <input ref=${field} id="lock-url" class="field mono" type="text" autocomplete="off" spellcheck="false" placeholder="http://127.0.0.1:4040/#token=…"
      aria-invalid=${error ? 'true' : 'false'} aria-describedby=${error ? 'lock-error' : null} />
    ${error && html`<p id="lock-error" class="bad-text" role="alert">${error}</p>`}
    <button type="submit" class="button primary">Open</button>
    <p class="faint">The terminal says “Inspect at” before it. The token stays in this tab.</p>
  </form></main>`;
}
