/** The card of the answers: one tab for each delivery, and within it the same views as of the request. */

import { html, useEffect, useState } from '../vendor/preact-htm.js';
import { bytes as size, milliseconds, statusClass } from '../words.js';
import { Body } from './body.js';
import { CopyButton } from './copy.js';
import { headerOf } from './request.js';
import { answerPath } from './routes.js';
import { Tabs } from './tabs.js';
import { Visible } from './text.js';
import { moment, since } from './times.js';
import { Headers, Hex, Raw } from './views.js';
import { wholeText } from './whole.js';

/** How a status reads: the sign stands for those who see no colours. */
export function StatusMark({ status, error }) {
  if (error || status === null) return html`<span class="chip bad">✗ ${error?.kind ?? 'no answer'}</span>`;
  const sign = status < 300 ? '✓' : status < 400 ? '→' : '✗';
  return html`<span class=${`chip ${statusClass(status)}`}>${sign} ${status}</span>`;
}

/** The card; the newest attempt is the one that is shown until another is chosen. */
export function ResponseCard({ id, deliveries, waiting, life }) {
  const [chosen, choose] = useState(null);
  useEffect(() => choose(null), [id, deliveries.length]);
  const tabs = deliveries.map(({ made_at: madeAt, delivery }, position) => ({
    id: String(position + 1),
    title: html`#${position + 1} <${StatusMark} status=${delivery.status} error=${delivery.error} />`,
    content: () => html`<${Answer} key=${position} id=${id} number=${position + 1} madeAt=${madeAt} delivery=${delivery} />`,
  }));
  const answered = life?.answer_status;
  return html`<section class="card" aria-label="Response">
    <header class="card-head">
      <h3>Response</h3>
      ${typeof answered === 'number' && html`<span class="faint">the sender got <b>${answered}</b>${answeredAfter(life)}</span>`}
    </header>
    ${
      deliveries.length === 0 &&
      html`<p class="note">
        ${waiting.length > 0 ? 'Not delivered yet.' : 'This event was forwarded nowhere. Replay sends it to a target: press r, or e to choose one.'}
      </p>`
    }
    ${deliveries.length > 0 && html`<${Tabs} name="attempts" label="Attempts" tabs=${tabs} selected=${chosen ?? tabs.at(-1).id}
        select=${choose} />`}
    ${waiting.length > 0 && html`<p class="note">Waiting for: ${waiting.map((target, at) => html`${at > 0 ? ', ' : ''}<code><${Visible}
        text=${target} /></code>`)}</p>`}
  </section>`;
}

const answeredAfter = (life) => (typeof life.answered_ms === 'number' ? ` after ${milliseconds(life.answered_ms)}` : '');

function Answer({ id, number, madeAt, delivery }) {
  const { target, attempt, status, duration_ms: took, error, response } = delivery;
  return html`<div class="answer">
    <p class="answer-line">
      <b>${milliseconds(took)}</b>
      <code><${Visible} text=${target} /></code>
      <span class="faint">${attempt > 1 && `attempt ${attempt}, `}<time datetime=${madeAt}
          title=${moment(madeAt)}>${since(madeAt)}</time></span>
    </p>
    ${error && html`<p class="note error"><b>${error.kind}:</b> <${Visible} text=${error.message} /></p>`}
    ${response && html`<${AnswerViews} path=${answerPath(id, number)} name=${`answer-${number}`} status=${status} response=${response} />`}
  </div>`;
}

/** The views of an answer whose body is at a path of the API. */
function AnswerViews({ path, name, status, response }) {
  const [tab, setTab] = useState('body');
  const { headers, header_encodings: encodings = [], body_bytes: bytes, truncated } = response;
  const label = 'Answer body';
  const tabs = [
    { id: 'body', title: 'Body', note: size(bytes), content: () => html`<${Body} path=${path} bytes=${bytes}
        contentType=${headerOf(headers, 'content-type')} coding=${headerOf(headers, 'content-encoding')} label=${label} />` },
    { id: 'headers', title: 'Headers', note: headers.length, content: () => html`<${Headers} headers=${headers}
        encodings=${encodings} />` },
    { id: 'raw', title: 'Raw', content: () => html`<${Raw} start=${`HTTP ${status}`} headers=${headers} encodings=${encodings} path=${path}
        bytes=${bytes} label="Raw answer" />` },
    { id: 'hex', title: 'Hex', content: () => html`<${Hex} path=${path} bytes=${bytes} label="Answer body as hex" />` },
  ];
  const copy = bytes > 0 && html`<${CopyButton} read=${() => wholeText(path)} label="Copy body of the answer" title="Copy body" />`;
  return html`<div>
    <${Tabs} name=${name} label="Views of the answer" tabs=${tabs} selected=${tab} select=${setTab} aside=${copy} />
    ${truncated && html`<p class="note">The answer was longer; only its beginning was kept.</p>`}
  </div>`;
}
