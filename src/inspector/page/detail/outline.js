/** The values of a JSON body as typed fields. */

import { html, useEffect, useId, useMemo, useState } from '../vendor/preact-htm.js';
import { fields, replaced, shown, typed } from './fields.js';
import { Visible } from './text.js';

/** From this many fields on there is a search over them. */
const SEARCHED_FROM = 10;

/** `text` is the JSON, `change(text)` gets it with one value replaced. */
export function Outline({ text, change }) {
  const [search, setSearch] = useState('');
  const found = useMemo(() => read(text), [text]);
  if (found === null) return html`<p class="note">The text is no JSON: mend it under Text first.</p>`;
  const word = search.trim().toLowerCase();
  const some = found.fields.filter((field) => word === '' || field.place.toLowerCase().includes(word) || field.literal.toLowerCase().includes(word));
  return html`<div class="outline">
    ${found.fields.length >= SEARCHED_FROM && html`<input class="field outline-search" type="search" aria-label="Find a field"
        placeholder="Find a field" value=${search} onInput=${(event) => setSearch(event.currentTarget.value)} />`}
    <div class="outline-fields">
      ${some.map((field) => html`<${Field} key=${field.place} field=${field}
          change=${(literal) => change(replaced(text, field, literal))} />`)}
    </div>
    ${found.isCut && html`<p class="note">There are more fields: edit them under Text.</p>`}
    ${some.length === 0 && html`<p class="note">No field is called so.</p>`}
  </div>`;
}

function read(text) {
  try {
    return fields(text);
  } catch {
    return null;
  }
}

function Field({ field, change }) {
  const name = useId();
  const [draft, setDraft] = useState(null);
  // What was typed and is no value yet is forgotten once the text says something else.
  useEffect(() => setDraft(null), [field.literal]);
  const value = draft?.text ?? shown(field);
  const type = (text) => {
    const { literal, error } = typed(field, text);
    setDraft(error ? { text, error } : null);
    if (!error) change(literal);
  };
  const parents = field.steps.slice(0, -1);
  return html`<div class="outline-field">
    <label for=${name} title=${field.place}>
      ${parents.length > 0 && html`<span class="faint"><${Visible} text=${`${parents.join(' › ')} › `} /></span>`}<${Visible}
          text=${String(field.steps.at(-1) ?? 'value')} />
    </label>
    ${
      field.kind === 'boolean'
        ? html`<select class="field" id=${name} onChange=${(event) => change(event.currentTarget.value)}>
            ${['true', 'false'].map((word) => html`<option value=${word} selected=${field.literal === word}>${word}</option>`)}
          </select>`
        : html`<input class=${`field outline-${field.kind}`} id=${name} value=${value}
            inputmode=${field.kind === 'number' ? 'decimal' : 'text'} spellcheck=${false} autocomplete="off" dir="ltr"
            aria-invalid=${draft ? 'true' : 'false'} aria-describedby=${draft ? `${name}-error` : undefined}
            onInput=${(event) => type(event.currentTarget.value)} />`
    }
    ${draft && html`<span class="bad-text outline-error" id=${`${name}-error`}>${draft.error}</span>`}
  </div>`;
}
