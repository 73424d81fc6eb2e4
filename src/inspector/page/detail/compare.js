/** Two events side by side: the places that differ, and the bodies line by line. */

import { html, useEffect, useMemo, useState } from '../vendor/preact-htm.js';
import { get } from '../api.js';
import { counted } from '../words.js';
import { Dialog } from './dialog.js';
import { titleOf } from './head.js';
import { complaint } from './outcome.js';
import { changedPart, filterOf, folded } from './places.js';
import { eventPath } from './routes.js';
import { Visible } from './text.js';
import { moment } from './times.js';
import { VerdictChip } from './verdict.js';

/** Places that are listed at once. */
const STEP = 200;
/** Longer lines are shown without their middle: the detail has them whole. */
const MAX_LINE = 4000;

const SIGNS = { same: '', changed: '~', removed: '−', added: '+' };
const WORDS = { same: 'same', changed: 'changed', removed: 'only in A', added: 'only in B' };

/** The dialog; `before` and `after` are ids. A place that is clicked becomes the filter. */
export function CompareDialog({ before, after, close, act }) {
  const { answer, error } = useDiff(before, after);
  const filter = (text) => {
    close();
    act('filter', text);
  };
  return html`<${Dialog} title="Compare A and B" close=${close} className="widest tall">
    ${error && html`<p class="note error" role="alert">${complaint(error)}</p>`}
    ${!answer && !error && html`<p class="note" aria-busy="true">Loading…</p>`}
    ${answer && html`<${Comparison} ...${answer} filter=${filter} />`}
  <//>`;
}

function useDiff(before, after) {
  const [state, setState] = useState({ answer: null, error: null });
  useEffect(() => {
    const abort = new AbortController();
    const { signal } = abort;
    const event = (id) => get(eventPath(id), { query: { body: false }, signal });
    Promise.all([get('/api/diff', { query: { before, after }, signal }), event(before), event(after)]).then(
      ([diff, one, other]) => setState({ answer: { diff, one: one.event, other: other.event }, error: null }),
      (error) => !signal.aborted && setState({ answer: null, error }),
    );
    return () => abort.abort();
  }, [before, after]);
  return state;
}

function Comparison({ diff, one, other, filter }) {
  const { differences, lines, is_cut: isCut, form } = diff;
  const isSame = differences.length === 0;
  return html`<div class="comparison">
    <div class="compare-heads"><${EventHead} letter="A" event=${one} /><${EventHead} letter="B" event=${other} /></div>
    ${
      isSame
        ? html`<p class="note">They are the same: method, address, headers and body.</p>`
        : html`<${Places} differences=${differences} filter=${filter} />`
    }
    ${lines && lines.length > 0 && html`<${SideBySide} lines=${lines} />`}
    ${!lines && html`<p
        class="note">${form === 'binary' ? 'A body is no text: only its digest is compared.' : 'The bodies are not laid side by side.'}</p>`}
    ${isCut && html`<p class="note">There is more than is compared here: hookctl events diff shows all of it.</p>`}
  </div>`;
}

function EventHead({ letter, event }) {
  return html`<div class="compare-head">
    <b class="compare-letter">${letter}</b>
    <div>
      <p><b><${Visible} text=${titleOf(event)} /></b> <span class="soft"><${Visible} text=${event.provider} /></span> <${VerdictChip}
        status=${event.verdict.status} /></p>
      <p class="faint">${moment(event.received_at)} <code>${event.id}</code></p>
    </div>
  </div>`;
}

function Places({ differences, filter }) {
  const [shown, setShown] = useState(STEP);
  const [hasSpelling, showSpelling] = useState(true);
  const spellings = differences.filter(({ spelling }) => spelling).length;
  const listed = hasSpelling ? differences : differences.filter(({ spelling }) => !spelling);
  return html`<section class="card" aria-label="Places that differ">
    <header class="card-head">
      <h3>${counted(differences.length, 'place differs', 'places differ')}</h3>
      ${spellings > 0 && html`<label class="check"><input type="checkbox" checked=${hasSpelling}
          onChange=${(event) => showSpelling(event.currentTarget.checked)} /> also what is only spelled differently (${spellings})</label>`}
    </header>
    <table class="places">
      <thead><tr><th scope="col"><span class="spoken">Kind</span></th><th scope="col">Place</th><th scope="col">A</th><th
          scope="col">B</th></tr></thead>
      <tbody>${listed.slice(0, shown).map((one) => html`<${Place} key=${one.place} difference=${one} filter=${filter} />`)}</tbody>
    </table>
    ${listed.length > shown && html`<p class="more"><button type="button" class="button small"
        onClick=${() => setShown(shown + STEP)}>Show ${Math.min(STEP, listed.length - shown)} more</button></p>`}
  </section>`;
}

function Place({ difference, filter }) {
  const { place, kind, before, after, spelling } = difference;
  return html`<tr class=${`place-${kind}`}>
    <td class="place-kind"><span aria-hidden="true">${SIGNS[kind]}</span><span class="spoken">${WORDS[kind]}</span></td>
    <th scope="row"><code><${Visible} text=${place} /></code>${spelling && html` <span class="tag"
        title="Both say the same and are written differently">spelling</span>`}</th>
    <td><${Value} place=${place} value=${before} filter=${filter} /></td>
    <td><${Value} place=${place} value=${after} filter=${filter} /></td>
  </tr>`;
}

function Value({ place, value, filter }) {
  if (value === null) return html`<span class="empty-value">nothing</span>`;
  const text = value.length > MAX_LINE ? `${value.slice(0, MAX_LINE)}…` : value;
  const asked = filterOf(place, value);
  if (asked === null) return html`<code><${Visible} text=${text} /></code>`;
  return html`<button type="button" class="place-value" title=${`Find events with ${asked}`}
      onClick=${() => filter(asked)}><code><${Visible} text=${text} /></code></button>`;
}

function SideBySide({ lines }) {
  const runs = useMemo(() => folded(lines), [lines]);
  return html`<section class="card" aria-label="Bodies side by side">
    <header class="card-head"><h3>Bodies</h3></header>
    <div class="side-by-side" role="table" aria-label="Lines of A and B" tabindex="0">
      <div role="row" class="side-row side-heads"><span role="columnheader" class="spoken">Kind</span><span
          role="columnheader">A</span><span role="columnheader">B</span></div>
      ${runs.map((run) => html`<${Run} key=${run.start} run=${run} />`)}
    </div>
  </section>`;
}

function Run({ run }) {
  const [isOpen, open] = useState(!run.isFolded);
  if (!isOpen) {
    return html`<div role="row" class="side-fold"><span role="cell"><button type="button" class="button small plain"
        onClick=${() => open(true)}>Show ${counted(run.lines.length, 'line that is', 'lines that are')} the same</button></span></div>`;
  }
  return run.lines.map((line, position) => html`<${Line} key=${position} line=${line} />`);
}

function Line({ line }) {
  const { kind, before, after } = line;
  const part = kind === 'changed' ? changedPart(before.text, after.text) : null;
  return html`<div role="row" class=${`side-row side-${kind}`}>
    <span role="cell" class="side-kind"><span aria-hidden="true">${SIGNS[kind]}</span><span class="spoken">${WORDS[kind]}</span></span>
    <${Side} side="before" line=${before} part=${part && { from: part.from, to: part.before }} />
    <${Side} side="after" line=${after} part=${part && { from: part.from, to: part.after }} />
  </div>`;
}

function Side({ side, line, part }) {
  if (!line) return html`<span role="cell" class=${`side ${side} is-nothing`}></span>`;
  const text = line.text;
  const isLong = text.length > MAX_LINE;
  return html`<span role="cell" class=${`side ${side}`} data-number=${line.number}>
    ${
      part && !isLong
        ? html`<${Visible} text=${text.slice(0, part.from)} /><mark><${Visible} text=${text.slice(part.from, part.to)} /></mark><${Visible}
            text=${text.slice(part.to)} />`
        : html`<${Visible} text=${isLong ? `${text.slice(0, MAX_LINE)}…` : text} />`
    }
  </span>`;
}
