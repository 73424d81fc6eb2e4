/** The help: every key, and the language of the search. */

import { html, useEffect, useRef } from './vendor/preact-htm.js';
import { Icon } from './glyphs.js';
import { ACTIONS, keyLabel } from './keys.js';
import { WORDS } from './search.js';

const GROUPS = [...new Set(ACTIONS.map((action) => action.group))];

function Keys({ group }) {
  return html`<section aria-label=${group}><h3>${group}</h3><dl class="help-keys">
    ${ACTIONS.filter((action) => action.group === group).map(({ key, also = [], title }) => html`<div>
      <dt>${[key, ...also].map((one) => html`<kbd>${keyLabel(one)}</kbd> `)}</dt><dd>${title}</dd></div>`)}
  </dl></section>`;
}

/** The help as a dialog. */
export function Help({ version, onClose }) {
  const dialog = useRef(null);
  useEffect(() => {
    const element = dialog.current;
    element.showModal();
    return () => element.close();
  }, []);
  const onClick = (event) => event.target === dialog.current && onClose();
  return html`<dialog ref=${dialog} class="help" aria-labelledby="help-title" onClose=${onClose} onClick=${onClick}>
    <div class="help-body">
      <header><h2 id="help-title">Keys and help</h2>
        <button type="button" class="button plain icon" aria-label="Close" onClick=${onClose}><${Icon} name="close" /></button></header>
      <div class="help-columns">
        <div>${GROUPS.map((group) => html`<${Keys} group=${group} />`)}</div>
        <section aria-label="Search"><h3>Search</h3>
          <p class="soft">Words that all must hold; the command line takes the same text as <code>--filter</code>.</p>
          <dl class="help-words">${WORDS.map(([word, what]) => html`<div><dt><code>${word}</code></dt><dd class="soft">${what}</dd></div>`)}</dl>
        </section>
      </div>
      <footer class="faint">hookctl ${version ?? ''} · Keys do nothing while a field or a dialog has the focus.</footer>
    </div>
  </dialog>`;
}
