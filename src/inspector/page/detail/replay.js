/** Edit an event and send it again. */

import { html, useEffect, useId, useMemo, useState } from '../vendor/preact-htm.js';
import { get, post, text as fetchText } from '../api.js';
import { bytes as size, counted } from '../words.js';
import { kindOf } from './body.js';
import { Dialog } from './dialog.js';
import { Editor } from './editor.js';
import { titleOf } from './head.js';
import { headerLines, readHeaders } from './headers.js';
import { isBinary } from './hex.js';
import { check } from './json.js';
import { complaint } from './outcome.js';
import { refresh } from './refresh.js';
import { headerOf } from './request.js';
import { Results } from './result.js';
import { bodyPath, eventPath } from './routes.js';
import { Choice, SecretChoice } from './signing.js';
import { TargetField, useCatalogue } from './target.js';
import { Visible } from './text.js';

/** Longer bodies are sent as they are: a text field of this size is slow already. */
const MAX_EDITED = 1024 * 1024;
const METHODS = ['POST', 'PUT', 'PATCH', 'GET', 'DELETE', 'HEAD', 'OPTIONS'];

/** The edited body of the event that was edited last: a dialog that was closed by mistake loses nothing. */
const draft = { id: null, body: null };

/** The dialog; `close()` when it is done with. With `needsTarget` the first thing to write is where to send it. */
export function ReplayDialog({ id, close, needsTarget = false }) {
  const { original, error } = useOriginal(id);
  if (!original) {
    return html`<${Dialog} title="Edit and replay" close=${close} className="wide">
      ${error ? html`<p class="note error" role="alert">${complaint(error)}</p>` : html`<p class="note" aria-busy="true">Loading…</p>`}
    <//>`;
  }
  return html`<${Form} id=${id} original=${original} close=${close} needsTarget=${needsTarget} />`;
}

/** The event with its body as text; `body` is null where it is too long or no text. */
function useOriginal(id) {
  const [state, setState] = useState({ original: null, error: null });
  useEffect(() => {
    const abort = new AbortController();
    const load = async () => {
      const { event, deliveries } = await get(eventPath(id), { query: { body: false }, signal: abort.signal });
      const length = event.request.body_bytes;
      const answer = length > 0 && length <= MAX_EDITED ? await fetchText(bodyPath(id), { signal: abort.signal }) : null;
      const isText = length === 0 || (answer !== null && !isBinary(answer.bytes));
      const body = isText ? new TextDecoder('utf-8', { ignoreBOM: true }).decode(answer?.bytes ?? new Uint8Array()) : null;
      const targets = [...new Set(deliveries.map(({ delivery }) => delivery.target))];
      setState({ original: { event, body, targets }, error: null });
    };
    load().catch((error) => !abort.signal.aborted && setState({ original: null, error }));
    return () => abort.abort();
  }, [id]);
  return state;
}

function Form({ id, original, close, needsTarget }) {
  const { event, targets: before } = original;
  const { request } = event;
  const { catalogue } = useCatalogue();
  const lines = headerLines(request.headers);
  const [target, setTarget] = useState(before.length === 1 ? before[0] : '');
  const [method, setMethod] = useState(request.method);
  const [headers, setHeaders] = useState(lines);
  const [body, setBody] = useDraft(id, original.body);
  const [signing, setSigning] = useState(null);
  const [provider, setProvider] = useState(event.provider);
  const [secret, setSecret] = useState(null);
  const [sent, setSent] = useState({ isBusy: false, answer: null, error: null });

  const isBodyChanged = body !== original.body;
  const known = catalogue?.providers.find((one) => one.id === provider) ?? null;
  const canSign = Boolean(known?.signs && known.secrets.length > 0);
  // The old signature does not fit a new body: sign anew, unless the person said otherwise.
  const isSigned = signing ?? (isBodyChanged && canSign);
  const label = secret !== null && known?.secrets.includes(secret) ? secret : (known?.secrets[0] ?? '');
  const { headers: pairs, badLine } = readHeaders(headers);
  const isJson = useMemo(() => isJsonBody(original), [original]);

  const submit = async () => {
    if (sent.isBusy || badLine !== null) return;
    setSent({ isBusy: true, answer: null, error: null });
    const how = { to: target || null };
    if (method !== request.method) how.method = method;
    if (headers !== lines) how.headers = pairs;
    if (isBodyChanged) Object.assign(how, { body, body_encoding: 'utf8' });
    if (isSigned) Object.assign(how, { resign: true, sign_as: provider, ...(label && { secret: label }) });
    try {
      setSent({ isBusy: false, answer: await post(`${eventPath(id)}/replay`, how), error: null });
      refresh(id);
    } catch (error) {
      setSent({ isBusy: false, answer: null, error });
    }
  };

  const foot = html`<button type="button" class="button primary" onClick=${submit}
      disabled=${sent.isBusy || badLine !== null}>${sent.isBusy ? 'Sending…' : 'Replay'}</button>
    <span class="faint"><kbd>Ctrl</kbd> <kbd>Enter</kbd></span>
    <button type="button" class="button dialog-close" onClick=${close}>Close</button>`;
  const dock = sent.error
    ? html`<p class="note error" role="alert">${complaint(sent.error)}</p>`
    : sent.answer && html`<${Results} deliveries=${sent.answer.deliveries} notes=${sent.answer.notes} />`;
  return html`<${Dialog} title=${`Edit and replay ${titleOf(event)}`} close=${close}
      className="wide tall" foot=${foot} dock=${dock} submit=${submit}>
    <div class="form">
      <${TargetField} value=${target} change=${setTarget} targets=${suggestions(before, catalogue)} placeholder=${before.length > 0 ? 'where it went before' : undefined}
          hint=${hintOf(target, before, request.path, catalogue)} first=${needsTarget} />
      <${Resign} isSigned=${isSigned} setSigning=${setSigning} isNeeded=${isBodyChanged && Boolean(known?.signs)} />
      ${isSigned && html`<${Choice} label="As" value=${provider} change=${setProvider} options=${signers(catalogue, provider)} />`}
      ${isSigned && html`<${SecretChoice} provider=${known} value=${label} change=${setSecret} />`}
      <div class="form-row form-row-tall">
        <span class="form-label">Body</span>
        <div class="form-value">
          ${
            body === null
              ? html`<p class="note">${whyNotEdited(request.body_bytes)}: it is sent as it came.</p>`
              : html`<${Editor} label="Body" text=${body} change=${setBody} isJson=${isJson} rows=${16} first=${!needsTarget} />`
          }
          ${isBodyChanged && html`<button type="button" class="button small plain"
              onClick=${() => setBody(original.body)}>Undo all changes to the body</button>`}
        </div>
      </div>
      <details class="form-more">
        <summary>Method and ${counted(pairs.length, 'header')}</summary>
        <div class="form">
          <${Choice} label="Method" value=${method} change=${setMethod}
              options=${[...new Set([request.method, ...METHODS])].map((value) => ({ value, title: value }))} />
          <${HeadersField} value=${headers} change=${setHeaders} badLine=${badLine} />
        </div>
      </details>
    </div>
  <//>`;
}

/** What becomes of an address: where it went before is whole, any other gets the path of the event. */
function hintOf(target, before, path, catalogue) {
  if (target === '' && before.length > 0) return `Empty: to all ${before.length} places where it went before.`;
  if (target === '' && catalogue?.targets.length === 0) return 'It went nowhere yet, and no listener runs here: write where to send it.';
  if (target === '') return 'Empty: where the listener forwards to, else to the listener itself.';
  return before.includes(target) || path === '/' ? null : html`<code><${Visible}
      text=${path} /></code> is added to it, as when events are forwarded.`;
}

const whyNotEdited = (bytes) => (bytes > MAX_EDITED ? `The body is too long to edit here (${size(bytes)})` : 'The body is no text');

/** Whether a body is to be checked as JSON: its type says so, or it is. */
function isJsonBody({ event, body }) {
  if (body === null) return false;
  return kindOf(headerOf(event.request.headers, 'content-type')) === 'json' || (body !== '' && check(body) === null);
}

function useDraft(id, original) {
  const [body, setBody] = useState(draft.id === id && original !== null ? draft.body : original);
  const change = (text) => {
    Object.assign(draft, { id, body: text });
    setBody(text);
  };
  return [body, change];
}

/** Where it went before, the listener, its targets; each address once. */
function suggestions(before, catalogue) {
  const all = [...before.map((url) => ({ url, label: 'as before' })), ...(catalogue?.targets ?? [])];
  return all.filter(({ url }, position) => all.findIndex((one) => one.url === url) === position).slice(0, 6);
}

/** The providers that sign, and the one that is chosen even if it is none of them. */
function signers(catalogue, chosen) {
  const found = (catalogue?.providers ?? []).filter(({ signs }) => signs).map(({ id, name }) => ({ value: id, title: name }));
  return found.some(({ value }) => value === chosen) ? found : [{ value: chosen, title: 'Choose a provider' }, ...found];
}

function HeadersField({ value, change, badLine }) {
  const name = useId();
  return html`<div class="form-row form-row-tall">
    <label for=${name}>Headers</label>
    <div class="form-value">
      <textarea class="field headers-field" id=${name} aria-describedby=${`${name}-hint`}
          aria-invalid=${badLine === null ? 'false' : 'true'} dir="ltr"
        rows=${Math.min(8, value.split('\n').length + 1)} spellcheck=${false} autocapitalize="off" value=${value}
        onInput=${(event) => change(event.currentTarget.value)}></textarea>
      <span class="faint form-hint" id=${`${name}-hint`}>
        ${badLine === null ? 'One a line. *** stands for the value that came: it is sent, and not shown.' : html`<span
            class="bad-text">Line ${badLine} is no header: write Name: value</span>`}
      </span>
    </div>
  </div>`;
}

function Resign({ isSigned, setSigning, isNeeded }) {
  return html`<div class="form-row">
    <span class="form-label">Signature</span>
    <div class="form-value">
      <label class="check"><input type="checkbox" checked=${isSigned}
          onChange=${(event) => setSigning(event.currentTarget.checked)} /> Sign again</label>
      ${isNeeded && !isSigned && html`<span
          class="warn-text form-hint">The body was changed: the signature that came with it will not match.</span>`}
    </div>
  </div>`;
}
