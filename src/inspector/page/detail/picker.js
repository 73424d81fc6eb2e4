/** The choice of a fixture among those of all providers. */

import { html, useEffect, useId, useMemo, useRef, useState } from '../vendor/preact-htm.js';
import { counted } from '../words.js';

/**
 * The fixtures, `{key, provider, event}`: those of `first` providers first, then those that can be signed with a secret
 * of this machine, then those that a listener recognises unsigned.
 */
export function fixturesOf(providers, first = []) {
  const rank = new Map(first.map((id, position) => [id, position]));
  const order = (provider) => rank.get(provider.id) ?? first.length + (provider.secrets.length ? 0 : provider.known_unsigned ? 1 : 2);
  const sorted = [...providers].sort((a, b) => order(a) - order(b) || a.id.localeCompare(b.id));
  return sorted.flatMap((provider) => provider.events.map((event) => ({ key: `${provider.id}/${event.name}`, provider, event })));
}

/** Those that hold all words of a search, in the provider's id or name or the event's. */
export function matching(fixtures, search) {
  const words = search.toLowerCase().split(/[\s/]+/).filter(Boolean);
  if (words.length === 0) return fixtures;
  return fixtures.filter(({ key, provider }) => {
    const text = `${key} ${provider.name}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
}

/** The field and the list; `choose(fixture)` when another is taken. */
export function Picker({ fixtures, chosen, choose }) {
  const name = useId();
  const [search, setSearch] = useState('');
  const list = useRef(null);
  const shown = useMemo(() => matching(fixtures, search), [fixtures, search]);
  const optionId = (fixture) => `${name}-${fixture.key}`;
  useEffect(() => {
    list.current?.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: 'nearest' });
  }, [chosen, shown]);
  const type = (event) => {
    const text = event.currentTarget.value;
    setSearch(text);
    const found = matching(fixtures, text);
    if (found.length > 0 && !found.some(({ key }) => key === chosen)) choose(found[0]);
  };
  const keys = (event) => {
    const at = shown.findIndex(({ key }) => key === chosen);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, PageDown: at + 10, PageUp: at - 10 }[event.key];
    if (to === undefined || shown.length === 0) return;
    event.preventDefault();
    choose(shown[Math.max(0, Math.min(to, shown.length - 1))]);
  };
  const selected = shown.find(({ key }) => key === chosen);
  return html`<div class="picker">
    <input class="field" type="search" role="combobox" aria-label="Find a provider or an event" placeholder="Find: stripe, invoice…"
        value=${search}
      aria-controls=${`${name}-list`} aria-expanded="true" aria-autocomplete="list" aria-activedescendant=${selected ? optionId(selected) : undefined}
      autocomplete="off" spellcheck=${false} data-first="true" onInput=${type} onKeyDown=${keys} />
    <div class="picker-list" role="listbox" aria-label="Sample events" id=${`${name}-list`} ref=${list}>
      ${groups(shown).map(
        ({ provider, fixtures: some }) => html`<div role="group" key=${provider.id} aria-label=${provider.name} class="picker-group">
          <div class="picker-provider" aria-hidden="true">${provider.name}</div>
          ${some.map(
            (fixture) => html`<div role="option" key=${fixture.key} id=${optionId(fixture)} class="picker-option"
                aria-selected=${fixture.key === chosen ? 'true' : 'false'} onClick=${() => choose(fixture)}>
              <span class="cut">${fixture.event.name}</span>
              ${!fixture.event.documented && html`<span class="tag"
                  title="Made up after the documentation, not copied from it">illustrative</span>`}
            </div>`,
          )}
        </div>`,
      )}
    </div>
    <p class="faint picker-count"
        role="status">${shown.length === 0 ? 'No sample event is called so.' : counted(shown.length, 'sample event')}</p>
  </div>`;
}

function groups(fixtures) {
  const found = [];
  for (const fixture of fixtures) {
    if (found.at(-1)?.provider !== fixture.provider) found.push({ provider: fixture.provider, fixtures: [] });
    found.at(-1).fixtures.push(fixture);
  }
  return found;
}
