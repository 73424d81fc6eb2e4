/** Send a sample event, signed as its provider would. */

import { html, useEffect, useMemo, useState } from '../vendor/preact-htm.js';
import { get, post } from '../api.js';
import { keep, kept } from '../kept.js';
import { kindOf } from './body.js';
import { Dialog } from './dialog.js';
import { Editor } from './editor.js';
import { complaint } from './outcome.js';
import { Outline } from './outline.js';
import { fixturesOf, Picker } from './picker.js';
import { Results } from './result.js';
import { fixturePath } from './routes.js';
import { Choice, SecretChoice } from './signing.js';
import { TargetField, useCatalogue } from './target.js';
import { Visible } from './text.js';

const LAST = 'hookctl-sample';

const FRESHNESS = [
  { value: 'fresh', title: 'fresh with each send' },
  { value: 'exact', title: 'exactly as in the sample' },
];

const TAMPER = [
  { value: '', title: 'nothing: a request that is right' },
  { value: 'body', title: 'the body, after it was signed' },
  { value: 'signature', title: 'the signature' },
  { value: 'timestamp', title: 'the time: signed a day ago' },
  { value: 'missing', title: 'the signature left out' },
  { value: 'secret', title: 'signed with another secret' },
];

/** The dialog; it stays open to send again. */
export function SendDialog({ status, close, act }) {
  const { catalogue, error } = useCatalogue();
  if (!catalogue) {
    return html`<${Dialog} title="Send a test event" close=${close} className="widest tall">
      ${error ? html`<p class="note error" role="alert">${complaint(error)}</p>` : html`<p class="note" aria-busy="true">Loading…</p>`}
    <//>`;
  }
  return html`<${Form} catalogue=${catalogue} status=${status} close=${close} act=${act} />`;
}

function Form({ catalogue, status, close, act }) {
  const fixtures = useMemo(() => fixturesOf(catalogue.providers, status?.listening?.providers ?? []), [catalogue]);
  const [key, setKey] = useState(() => (fixtures.find((one) => one.key === kept(LAST)) ?? fixtures[0])?.key);
  const chosen = fixtures.find((one) => one.key === key);
  const [target, setTarget] = useState(catalogue.targets[0]?.url ?? '');
  const [secret, setSecret] = useState(null);
  const [isExact, setExact] = useState(false);
  const [tamper, setTamper] = useState('');
  const [sent, setSent] = useState({ isBusy: false, answer: null, error: null });
  const { fixture, error: fixtureError, text, setText, reset } = useFixture(chosen, isExact);

  const labels = chosen?.provider.secrets ?? [];
  const label = secret !== null && (secret === '' || labels.includes(secret)) ? secret : (labels[0] ?? '');
  const isEdited = fixture !== null && text !== null && text !== fixture.body;
  const choose = (one) => {
    setKey(one.key);
    keep(LAST, one.key);
    setSent({ isBusy: false, answer: null, error: null });
  };
  const submit = async () => {
    if (sent.isBusy || !chosen || target === '') return;
    setSent((before) => ({ ...before, isBusy: true, error: null }));
    const what = { event: key, to: target, secret: label || null, tamper: tamper || null, exact: isExact };
    if (isEdited) Object.assign(what, { body: text, body_encoding: 'utf8' });
    try {
      const answer = await post('/api/send', what);
      setSent({ isBusy: false, answer: { ...answer, notes: [...judged(tamper, answer.delivery), ...answer.notes] }, error: null });
    } catch (error) {
      setSent({ isBusy: false, answer: null, error });
    }
  };

  const foot = html`<button type="button" class="button primary" onClick=${submit}
      disabled=${sent.isBusy || !chosen || target === ''}>${sent.isBusy ? 'Sending…' : 'Send'}</button>
    <span class="faint"><kbd>Ctrl</kbd> <kbd>Enter</kbd></span>
    ${chosen && html`<span class="soft cut dialog-what"><${Visible} text=${key} /></span>`}
    <button type="button" class="button dialog-close" onClick=${close}>Close</button>`;
  const dock = sent.error
    ? html`<p class="note error" role="alert">${complaint(sent.error)}</p>`
    : sent.answer && html`<${Results} deliveries=${[{ delivery: sent.answer.delivery }]} notes=${sent.answer.notes}
        go=${goTo(sent.answer.event_id, act, close)} />`;
  return html`<${Dialog} title="Send a test event" close=${close} className="widest tall" foot=${foot} dock=${dock} submit=${submit}>
    <div class="send">
      <${Picker} fixtures=${fixtures} chosen=${key} choose=${choose} />
      <div class="send-form">
        ${chosen && html`<${About} chosen=${chosen} fixture=${fixture} />`}
        <div class="form">
          <${TargetField} value=${target} change=${setTarget} targets=${catalogue.targets.slice(0, 6)} />
          <${SecretChoice} provider=${chosen?.provider} value=${label} change=${setSecret} none="none: unsigned" />
          <${Choice} label="Ids and times" value=${isExact ? 'exact' : 'fresh'} change=${(value) => setExact(value === 'exact')}
            options=${FRESHNESS}
            hint=${isEdited ? 'The body was edited: it is sent to the letter.' : null} />
          <${Choice} label="Tamper" value=${tamper} change=${setTamper} options=${TAMPER}
              hint=${tamper ? 'A receiver that checks signatures must refuse this.' : null} />
        </div>
        ${fixtureError && html`<p class="note error" role="alert">${complaint(fixtureError)}</p>`}
        ${fixture && html`<${BodyForm} key=${key} fixture=${fixture} text=${text} setText=${setText} isEdited=${isEdited}
            reset=${reset} />`}
      </div>
    </div>
  <//>`;
}

/** What it means that a receiver took a request that was tampered with, or refused it. */
function judged(tamper, delivery) {
  if (!tamper || delivery.status === null) return [];
  const isRefused = delivery.status >= 400 && delivery.status < 500;
  if (isRefused) return ['Refused, as it should be: the receiver checks.'];
  return [`Not refused, though it was tampered with (${tamper}): the receiver does not check that.`];
}

/** The fixture that is chosen, and its text as edited. */
function useFixture(chosen, isExact) {
  const [state, setState] = useState({ fixture: null, text: null, error: null });
  const path = chosen ? fixturePath(chosen.provider.id, chosen.event.name) : null;
  useEffect(() => {
    if (!path) return undefined;
    const abort = new AbortController();
    setState({ fixture: null, text: null, error: null });
    get(path, { query: { fresh: !isExact || undefined }, signal: abort.signal }).then(
      (fixture) => setState({ fixture, text: fixture.body_encoding === 'utf8' ? fixture.body : null, error: null }),
      (error) => !abort.signal.aborted && setState({ fixture: null, text: null, error }),
    );
    return () => abort.abort();
  }, [path, isExact]);
  return {
    ...state,
    setText: (text) => setState((before) => ({ ...before, text })),
    reset: () => setState((before) => ({ ...before, text: before.fixture.body })),
  };
}

function About({ chosen, fixture }) {
  const { provider, event } = chosen;
  const source = /^https?:\/\//.test(fixture?.source ?? '') ? fixture.source : null;
  return html`<p class="send-about">
    <b><${Visible} text=${event.name} /></b> of ${provider.name}
    ${event.documented ? html`<span class="chip good">documented</span>` : html`<span class="chip warn">illustrative</span>`}
    ${source && html`<a href=${source} target="_blank" rel="noopener noreferrer">source</a>`}
    ${!event.documented && html`<span class="faint">made up after the documentation, which shows no whole example</span>`}
  </p>`;
}

/** The body as fields and as text, side by side: an edit of the one is seen in the other. */
function BodyForm({ fixture, text, setText, isEdited, reset }) {
  if (text === null) return html`<p class="note">The body is no text: it is sent as it is.</p>`;
  const isJson = kindOf(fixture.content_type) === 'json';
  const undo = isEdited && html`<button type="button" class="button small plain" onClick=${reset}>Undo changes</button>`;
  return html`<div class=${`send-body ${isJson ? 'has-fields' : ''}`}>
    ${isJson && html`<section class="send-fields" aria-label="Fields of the body"><h3>Fields</h3><${Outline} text=${text}
        change=${setText} /></section>`}
    <div class="send-text"><h3>Text ${undo}</h3><${Editor} label="Body" text=${text} change=${setText} isJson=${isJson} rows=${18} /></div>
  </div>`;
}

function goTo(id, act, close) {
  if (!id) return null;
  const go = () => {
    close();
    act('select', id);
  };
  return html`<p class="result-note"><button type="button" class="button small" onClick=${go}>Show the event</button></p>`;
}
