/** The card of the request. */

import { html, useEffect, useRef, useState } from '../vendor/preact-htm.js';
import { notifyError } from '../announce.js';
import { keyed } from '../keys.js';
import { bytes as size, counted } from '../words.js';
import { Body } from './body.js';
import { CopyButton } from './copy.js';
import { bodyPath } from './routes.js';
import { saveBytes } from './save.js';
import { Tabs } from './tabs.js';
import { Visible } from './text.js';
import { Headers, Hex, Parts, Query, Raw } from './views.js';
import { wholeBytes, wholeText } from './whole.js';

/** The value of the first header of a name. */
export function headerOf(headers, name) {
  return headers.find(([other]) => other.toLowerCase() === name)?.[1] ?? null;
}

/** The view that was chosen last: the next event is shown in it too. */
let lastView = 'body';
const toggles = new Set();

/** Shows the raw request, or the body again. */
export function toggleRaw() {
  for (const toggle of toggles) toggle();
}

/** The view that is shown, how to choose another, and the element that is scrolled to when a key does so. */
function useView() {
  const [view, setView] = useState(lastView);
  const card = useRef(null);
  const choose = (one) => {
    lastView = one;
    setView(one);
  };
  useEffect(() => {
    const toggle = () => {
      choose(view === 'raw' ? 'body' : 'raw');
      card.current?.scrollIntoView({ block: 'nearest' });
    };
    toggles.add(toggle);
    return () => toggles.delete(toggle);
  }, [view]);
  return { view, choose, card };
}

/** The card; `secrets` is `{shown, toggle}`. */
export function RequestCard({ event, parts, secrets }) {
  const { view, choose, card } = useView();
  const { request, id } = event;
  const { headers, header_encodings: encodings = [], body_bytes: bytes } = request;
  const path = bodyPath(id);
  const target = request.query ? `${request.path}?${request.query}` : request.path;
  const contentType = headerOf(headers, 'content-type');
  const download = async () => {
    try {
      saveBytes(await wholeBytes(path), `${id}.body`);
    } catch (error) {
      notifyError(error);
    }
  };
  const hasMasked = secrets.shown || encodings.some(([, word]) => word === 'masked') || /=\*\*\*(&|$)/.test(request.query ?? '');
  const queries = request.query ? [...new URLSearchParams(request.query)].length : 0;
  const tabs = [
    { id: 'body', title: 'Body', note: size(bytes), content: () => html`<${Body} path=${path} bytes=${bytes} contentType=${contentType}
        coding=${headerOf(headers, 'content-encoding')} parts=${parts} label="Request body" />` },
    { id: 'headers', title: 'Headers', note: headers.length, content: () => html`<${Headers} headers=${headers}
        encodings=${encodings} />` },
    { id: 'query', title: 'Query', note: queries, content: () => html`<${Query} query=${request.query} />` },
    ...(parts ? [{ id: 'parts', title: 'Parts', note: parts.length, content: () => html`<${Parts} path=${path} parts=${parts} />` }] : []),
    { id: 'raw', title: 'Raw', note: html`<kbd aria-hidden="true">v</kbd>`, attributes: keyed('raw'), content: () => html`<${Raw} start=${`${request.method} ${target}`} headers=${headers} encodings=${encodings}
        path=${path} bytes=${bytes} label="Raw request" />` },
    { id: 'hex', title: 'Hex', content: () => html`<${Hex} path=${path} bytes=${bytes} label="Request body as hex" />` },
  ];
  return html`<section class="card" aria-label="Request" ref=${card}>
    <header class="card-head">
      <h3>Request</h3>
      <code class="request-line"><b><${Visible} text=${request.method} /></b> <${Visible} text=${target} /></code>
      <div class="card-tools">
        ${
          hasMasked &&
          html`<button type="button" id="secrets-toggle" class="button small plain" aria-pressed=${secrets.shown ? 'true' : 'false'}
              onClick=${secrets.toggle}>
            ${secrets.shown ? 'Hide secrets' : 'Show secrets'}
          </button>`
        }
        ${bytes > 0 && html`<${CopyButton} read=${() => wholeText(path)} label="Copy body of the request" title="Copy body" />`}
        ${bytes > 0 && html`<button type="button" class="button small plain" onClick=${download}
            title=${`Download the body (${counted(bytes, 'byte')})`}>Download</button>`}
      </div>
    </header>
    <${Tabs} name="request" label="Views of the request" tabs=${tabs} selected=${view} select=${choose} />
  </section>`;
}
