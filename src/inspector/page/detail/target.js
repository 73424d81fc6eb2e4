/** Where a request goes: an address, with those that hookctl knows a click away. */

import { html, useEffect, useId, useState } from '../vendor/preact-htm.js';
import { get } from '../api.js';

let catalogue = null;

/**
 * The providers with their events and secrets' labels, and the known targets; null until they are here. What was
 * loaded once is asked for again where it must be of now.
 */
export function useCatalogue(isOfNow = true) {
  const [state, setState] = useState({ catalogue, error: null });
  useEffect(() => {
    if (catalogue && !isOfNow) return undefined;
    let isGone = false;
    get('/api/providers').then(
      (answer) => {
        catalogue = answer;
        if (!isGone) setState({ catalogue, error: null });
      },
      (error) => !isGone && setState((before) => ({ ...before, error })),
    );
    return () => {
      isGone = true;
    };
  }, []);
  return state;
}

/** The labels of a provider's secrets. */
export function useSecretLabels(provider) {
  return useCatalogue(false).catalogue?.providers.find(({ id }) => id === provider)?.secrets ?? [];
}

/** Whether a text can be an address to send to, as short as hookctl takes it, for a remark while it is typed; hookctl judges. */
export function isAddress(text) {
  if (text.includes('://')) return /^https?:\/\//i.test(text) && URL.canParse(text);
  const host = /^[/:]/.test(text) ? 'localhost' : /^\d+(\/|$)/.test(text) ? 'localhost:' : '';
  return URL.canParse(`http://${host}${text}`);
}

const short = (url) => url.replace(/^https?:\/\//, '').replace(/\/$/, '');

/** The field. `targets` are `{url, label}`. */
export function TargetField({ value, change, targets, placeholder = 'http://127.0.0.1:3000/webhooks', hint, first = false }) {
  const name = useId();
  const known = targets.length > 0 ? hint : (hint ?? 'No listener runs here: write where to send.');
  const isOdd = value !== '' && !isAddress(value);
  const isOneOf = (label) => targets.filter((target) => target.label === label).length > 1;
  return html`<div class="form-row">
    <label for=${`${name}-field`}>To</label>
    <div class="form-value">
      <input class="field" type="url" id=${`${name}-field`} value=${value} placeholder=${placeholder} spellcheck=${false} autocomplete="off" data-first=${first ? 'true' : undefined}
        aria-invalid=${isOdd ? 'true' : 'false'} aria-describedby=${`${name}-hint`} onInput=${(event) => change(event.currentTarget.value.trim())} />
      <div class="target-choices" id=${`${name}-hint`}>
        ${targets.map(
          ({ url, label }) => html`<button type="button" key=${`${label} ${url}`} class="button small" title=${url}
              aria-pressed=${url === value ? 'true' : 'false'} onClick=${() => change(url)}>${label}${isOneOf(label) && html` <code>${short(url)}</code>`}</button>`,
        )}
        ${isOdd ? html`<span class="bad-text">not an address: write 3000, localhost:3000/path or a URL</span>` : known && html`<span
            class="faint">${known}</span>`}
      </div>
    </div>
  </div>`;
}
