/** With which secret, and as which provider, a request is signed. Only the labels of secrets are known here. */

import { html, useId } from '../vendor/preact-htm.js';

/** A choice of one among `options` (`{value, title}`), with its label. */
export function Choice({ label, value, change, options, hint, disabled = false }) {
  const name = useId();
  return html`<div class="form-row">
    <label for=${name}>${label}</label>
    <div class="form-value">
      <select class="field" id=${name} disabled=${disabled} onChange=${(event) => change(event.currentTarget.value)}>
        ${options.map((option) => html`<option key=${option.value} value=${option.value}
            selected=${option.value === value}>${option.title}</option>`)}
      </select>
      ${hint && html`<span class="faint form-hint">${hint}</span>`}
    </div>
  </div>`;
}

/** The choice of a secret of a provider; `none` is what no secret means. */
export function SecretChoice({ provider, value, change, none }) {
  const secrets = provider?.secrets ?? [];
  const options = [...secrets.map((label) => ({ value: label, title: label })), ...(none ? [{ value: '', title: none }] : [])];
  if (provider && !provider.signs) return html`<${Choice} label="Secret" value="" change=${change}
      options=${[{ value: '', title: `${provider.name} signs nothing` }]} disabled=${true} />`;
  const hint = secrets.length === 0 ? 'No secret of this provider is known here: give one with --secret-env NAME, or in hookctl.toml.' : null;
  return html`<${Choice} label="Secret" value=${value} change=${change} options=${options} hint=${hint} />`;
}
