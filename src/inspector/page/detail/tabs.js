/** Tabs after the ARIA pattern: one stop for the Tab key, arrows move between them. */

import { html, useLayoutEffect, useRef } from '../vendor/preact-htm.js';

/**
 * `tabs` are `{id, title, note, attributes, content}`, where `content` is a function; `name` is unique on the page.
 * `select` gets the id of a tab.
 */
export function Tabs({ name, label, tabs, selected, select, aside }) {
  const list = useRef(null);
  const shown = tabs.find((tab) => tab.id === selected) ?? tabs[0];
  const move = (event) => {
    const at = tabs.indexOf(shown);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: tabs.length - 1 }[event.key];
    if (to === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    event.stopPropagation();
    const next = tabs[(to + tabs.length) % tabs.length];
    select(next.id);
    list.current.querySelector(`#${CSS.escape(`${name}-tab-${next.id}`)}`)?.focus();
  };
  useLayoutEffect(() => {
    // Only the row of tabs is scrolled, never the page around it.
    const tab = list.current.querySelector('[aria-selected="true"]');
    const { scrollLeft: left, clientWidth: width } = list.current;
    const from = tab.offsetLeft - list.current.offsetLeft;
    if (from < left) list.current.scrollLeft = from;
    else if (from + tab.offsetWidth > left + width) list.current.scrollLeft = from + tab.offsetWidth - width;
  }, [shown.id, tabs.length]);
  const tab = (one) => html`<button
    type="button"
    role="tab"
    key=${one.id}
    id=${`${name}-tab-${one.id}`}
    class="tab"
    aria-selected=${one === shown ? 'true' : 'false'}
    aria-controls=${`${name}-panel`}
    tabindex=${one === shown ? 0 : -1}
    onClick=${() => select(one.id)}
    ...${one.attributes}
  >
    ${one.title}${one.note !== undefined && html` <span class="tab-note">${one.note}</span>`}
  </button>`;
  return html`<div class="tabs">
    <div class="tab-line">
      <div role="tablist" class="tab-list" aria-label=${label} ref=${list} onKeyDown=${move}>${tabs.map(tab)}</div>
      ${aside && html`<div class="tab-aside">${aside}</div>`}
    </div>
    <div role="tabpanel" class="tab-panel" id=${`${name}-panel`} aria-labelledby=${`${name}-tab-${shown.id}`} key=${shown.id}>
      ${shown.content()}
    </div>
  </div>`;
}
