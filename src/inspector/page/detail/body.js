/** A body as a person wants it: JSON laid out, a form as a table, text as text, anything else as hex. */

import { html, useMemo } from '../vendor/preact-htm.js';
import { counted } from '../words.js';
import { fieldsOf, layout } from './form.js';
import { isBinary } from './hex.js';
import { Lines } from './lines.js';
import { decoded, TEXT_STEP, usePieces } from './pieces.js';
import { Sentence, Visible } from './text.js';
import { Fields, Hex, Parts, Rest } from './views.js';

const PRETTY = { form: 'pretty' };
const DECODED = { form: 'decoded' };
const PLACE = /\bline (\d+), column (\d+)/;

/** What a content type says a body is: `json`, `form` or `other`. */
export function kindOf(contentType) {
  const media = (contentType ?? '').split(';')[0].trim().toLowerCase();
  if (/^application\/(.+\+)?json$|^text\/json$/.test(media)) return 'json';
  return media === 'application/x-www-form-urlencoded' ? 'form' : 'other';
}

/**
 * The body at a path of the API; `bytes` is its length, `parts` those of a multipart body, `coding` its content coding.
 */
export function Body({ path, bytes, contentType, coding = null, parts = null, label }) {
  if (bytes === 0) return html`<p class="note">No body.</p>`;
  const isCoded = coding !== null && coding.trim().toLowerCase() !== 'identity';
  if (isCoded && kindOf(contentType) === 'json') return html`<${CodedJson} path=${path} bytes=${bytes} coding=${coding} label=${label} />`;
  if (isCoded) return html`<${Coded} path=${path} bytes=${bytes} coding=${coding} label=${label} />`;
  if (parts && parts.length > 0) return html`<${Parts} path=${path} parts=${parts} />`;
  if (kindOf(contentType) === 'json') return html`<${Pretty} path=${path} label=${label} isDeclared=${true} bytes=${bytes} />`;
  return html`<${Guessed} path=${path} bytes=${bytes} contentType=${contentType} label=${label} />`;
}

/** JSON laid out by hookctl, which keeps every number, key and escape as it was written. */
function Pretty({ path, label, bytes, isDeclared }) {
  const pretty = usePieces(path, { query: PRETTY });
  if (pretty.error && pretty.pieces.length === 0) {
    return html`<${Unlaid} path=${path} label=${label} bytes=${bytes} error=${pretty.error} isDeclared=${isDeclared} />`;
  }
  return html`<div>
    <${Lines} texts=${decoded(pretty.pieces, pretty.loaded === pretty.total)} name=${path} colour="json" label=${label} />
    <${Rest} body=${pretty} step=${TEXT_STEP} />
  </div>`;
}

/** A body that hookctl does not lay out, with the reason over it and the place marked. */
function Unlaid({ path, label, bytes, error, isDeclared }) {
  const body = usePieces(path);
  const place = PLACE.exec(error.message);
  const mark = useMemo(() => place && { line: Number(place[1]), column: Number(place[2]) }, [error.message]);
  const isHex = body.pieces.length > 0 && isBinary(body.pieces[0], body.loaded === body.total);
  if (isHex) return html`<${Hex} path=${path} bytes=${bytes} label=${label} />`;
  const isSaid = error.status !== 422 || isDeclared;
  return html`<div>
    ${
      isSaid &&
      html`<p class=${error.status === 422 ? 'note error' : 'note'} role="note">
        <b>${error.status === 422 ? 'This is no JSON: ' : 'Shown as received: '}</b><${Sentence}
            text=${error.message.replace(/^not JSON: /, '')} />
        ${mark && html` <button type="button" class="button small plain" onClick=${showMark}>Show the place</button>`}
      </p>`
    }
    <${Lines} texts=${decoded(body.pieces, body.loaded === body.total)} name=${path} mark=${isSaid ? mark : null} label=${label} />
    <${Rest} body=${body} step=${TEXT_STEP} />
  </div>`;
}

/** Compressed JSON: hookctl lays it out decoded, where it can. */
function CodedJson({ path, bytes, coding, label }) {
  const pretty = usePieces(path, { query: PRETTY });
  if (pretty.error && pretty.pieces.length === 0) return html`<${Coded} path=${path} bytes=${bytes} coding=${coding} label=${label} />`;
  return html`<div>
    <${CodingNote} coding=${coding} bytes=${bytes} />
    <${Lines} texts=${decoded(pretty.pieces, pretty.loaded === pretty.total)} name=${path} colour="json" label=${label} />
    <${Rest} body=${pretty} step=${TEXT_STEP} />
  </div>`;
}

function CodingNote({ coding, bytes }) {
  return html`<p class="note">Decoded from <${Visible} text=${coding} /> to be read; ${counted(bytes, 'byte')} came.</p>`;
}

/** A compressed body, undone for the eye only. */
function Coded({ path, bytes, coding, label }) {
  const body = usePieces(path, { query: DECODED });
  const isWhole = body.loaded === body.total;
  const texts = useMemo(() => decoded(body.pieces, isWhole), [body.pieces, isWhole]);
  const pretty = useMemo(() => (isWhole && texts.length === 1 ? layout(texts[0]) : null), [texts, isWhole]);
  if (body.error && body.pieces.length === 0) {
    return html`<div>
      <p class="note error"><b>Not decoded:</b> <${Sentence} text=${body.error.message} /></p>
      <${Hex} path=${path} bytes=${bytes} label=${label} />
    </div>`;
  }
  return html`<div>
    <${CodingNote} coding=${coding} bytes=${bytes} />
    ${
      body.pieces.length > 0 && isBinary(body.pieces[0], isWhole)
        ? html`<p class="note">What was decoded is no text.</p>`
        : html`<${Lines} texts=${pretty ? [pretty] : texts} name=${`${path} ${pretty === null}`} colour=${pretty ? 'json' : 'plain'} label=${label} />`
    }
    <${Rest} body=${body} step=${TEXT_STEP} />
  </div>`;
}

function showMark(event) {
  const mark = event.currentTarget.closest('.tab-panel, .answer')?.querySelector('.error-place');
  mark?.scrollIntoView({ block: 'center', inline: 'center' });
}

/** A body whose type says too little: what it is is seen in its first bytes. */
function Guessed({ path, bytes, contentType, label }) {
  const body = usePieces(path);
  const isWhole = body.loaded === body.total;
  const isHex = useMemo(() => body.pieces.length > 0 && isBinary(body.pieces[0], isWhole), [body.pieces[0], isWhole]);
  if (body.pieces.length === 0) return html`<${Rest} body=${body} step=${TEXT_STEP} />`;
  if (isHex) {
    return html`<div>
      <p class="note">The body is no text.</p>
      <${Hex} path=${path} bytes=${bytes} label=${label} />
    </div>`;
  }
  const texts = decoded(body.pieces, isWhole);
  if (/^\s*[{[]/.test(texts[0].slice(0, 1000))) return html`<${Pretty} path=${path} label=${label} bytes=${bytes} isDeclared=${false} />`;
  const isForm = kindOf(contentType) === 'form' && isWhole;
  return html`<div>
    ${
      isForm
        ? html`<${Fields} fields=${fieldsOf(texts.join(''))} what="form field" />`
        : html`<${Lines} texts=${texts} name=${path} label=${label} />`
    }
    <${Rest} body=${body} step=${TEXT_STEP} />
  </div>`;
}
