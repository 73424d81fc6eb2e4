/** What a request or an answer can be looked at as, besides its body: headers, query, parts, raw, hex. */

import { html, useLayoutEffect, useMemo, useRef, useState } from '../vendor/preact-htm.js';
import { bytes as size, counted } from '../words.js';
import { CopyButton } from './copy.js';
import { fieldsOf } from './form.js';
import { hexRows, isBinary, ROW } from './hex.js';
import { Lines } from './lines.js';
import { decoded, HEX_STEP, usePieces } from './pieces.js';
import { Visible } from './text.js';

/** In a narrower place a row of hex has half its bytes. */
const WIDE_PX = 620;

/** What to say while a body comes, where it does not, and that there is more of it. */
export function Rest({ body, step }) {
  if (body.error) return html`<p class="note error"
      role="alert"><b>Not loaded:</b> ${body.error.message}${body.error.hint && html` — ${body.error.hint}`}</p>`;
  if (body.pieces.length === 0 && body.isBusy) return html`<p class="note" aria-busy="true">Loading…</p>`;
  const left = (body.total ?? 0) - body.loaded;
  if (left <= 0) return null;
  return html`<p class="more">
    <span>${size(body.loaded)} of ${size(body.total)} shown</span>
    <button type="button" class="button small" onClick=${body.more}
        disabled=${body.isBusy}>Show more (${size(Math.min(left, step))})</button>
  </p>`;
}

/** How wide the columns of name, value and copying are. */
const Columns = () => html`<colgroup><col class="pair-name" /><col /><col class="pair-tools" /></colgroup>`;

/** Headers in the order of their arrival, with repeats; `encodings` are pairs of position and word. */
export function Headers({ headers, encodings = [] }) {
  const said = new Map(encodings);
  if (headers.length === 0) return html`<p class="note">No headers.</p>`;
  return html`<table class="pairs">
    <${Columns} />
    <thead class="spoken"><tr><th scope="col">Header</th><th scope="col">Value</th><th scope="col">Copy</th></tr></thead>
    <tbody>
      ${headers.map(
        ([name, value], position) => html`<tr key=${position}>
          <th scope="row"><${Visible} text=${name} /></th>
          <td>
            ${said.get(position) === 'masked' ? html`<span class="masked" title="A secret: it is not shown">•••••• <span
                class="tag">masked</span></span>` : html`<${Visible} text=${value} />`}
            ${said.get(position) === 'latin1' && html` <span class="tag" title="Bytes that are not UTF-8, read as Latin-1">latin1</span>`}
          </td>
          <td class="pair-copy">
            ${said.get(position) !== 'masked' && html`<${CopyButton} text=${value} label=${`Copy the value of ${name}`} />`}
          </td>
        </tr>`,
      )}
    </tbody>
  </table>`;
}

/** Named values, decoded, in order and with repeats. */
export function Fields({ fields, what }) {
  return html`<table class="pairs">
    <${Columns} />
    <thead class="spoken"><tr><th scope="col">Name</th><th scope="col">Value</th><th scope="col">Copy</th></tr></thead>
    <tbody>
      ${fields.map(
        ({ name, value, pretty }, position) => html`<tr key=${position}>
          <th scope="row"><${Visible} text=${name} /></th>
          <td>
            ${pretty ? html`<${Lines} texts=${[pretty]} name=${pretty} colour="json"
                label=${`Value of ${name}`} />` : value === '' ? html`<span class="empty-value">empty</span>` : html`<${Visible}
                text=${value} />`}
          </td>
          <td class="pair-copy"><${CopyButton} text=${value} label=${`Copy the ${what} ${name}`} /></td>
        </tr>`,
      )}
    </tbody>
  </table>`;
}

/** The query as a table. */
export function Query({ query }) {
  const fields = useMemo(() => fieldsOf(query ?? ''), [query]);
  if (fields.length === 0) return html`<p class="note">The address has no query.</p>`;
  return html`<${Fields} fields=${fields} what="query value" />`;
}

/** The parts of a multipart body, each fetched when it is opened. */
export function Parts({ path, parts }) {
  return html`<div class="parts">${parts.map((part, position) => html`<${Part} key=${position} path=${path} part=${part}
      number=${position + 1} />`)}</div>`;
}

function Part({ path, part, number }) {
  const [isOpen, setOpen] = useState(number === 1);
  return html`<details class="part" open=${isOpen} onToggle=${(event) => setOpen(event.currentTarget.open)}>
    <summary>
      <b><${Visible} text=${part.name ?? `part ${number}`} /></b>
      ${part.filename !== null && html`<span class="part-file"><${Visible} text=${part.filename} /></span>`}
      <span class="faint">${part.content_type && html`<${Visible} text=${part.content_type} />, `}${size(part.bytes)}</span>
    </summary>
    ${isOpen && html`<${Stretch} path=${path} from=${part.from} length=${part.bytes} label=${`Part ${number}`} />`}
  </details>`;
}

/** A part of a body as text, or as hex where it is none. */
function Stretch({ path, from, length, label }) {
  const body = usePieces(path, { from, length, step: HEX_STEP });
  const isHex = body.pieces.length > 0 && isBinary(body.pieces[0], body.loaded === body.total);
  if (length === 0) return html`<p class="note">Empty.</p>`;
  return html`<div>
    ${isHex ? html`<${HexRows} pieces=${body.pieces} label=${label} />` : html`<${Lines}
        texts=${decoded(body.pieces, body.loaded === body.total)} name=${`${path}@${from}`} label=${label} />`}
    <${Rest} body=${body} step=${HEX_STEP} />
  </div>`;
}

/** A body as hex. */
export function Hex({ path, bytes, label }) {
  const body = usePieces(bytes === 0 ? null : path, { step: HEX_STEP });
  if (bytes === 0) return html`<p class="note">No body.</p>`;
  return html`<div>
    <${HexRows} pieces=${body.pieces} label=${label} />
    <${Rest} body=${body} step=${HEX_STEP} />
  </div>`;
}

function HexRows({ pieces, label }) {
  const box = useRef(null);
  const [width, setWidth] = useState(null);
  useLayoutEffect(() => {
    const measure = () => setWidth(box.current.clientWidth < WIDE_PX ? ROW / 2 : ROW);
    const watch = new ResizeObserver(measure);
    watch.observe(box.current);
    measure();
    return () => watch.disconnect();
  }, []);
  return html`<div class="hex" role="group" tabindex="0" aria-label=${label} ref=${box}>
    ${width !== null && pieces.map((piece, position) => html`<${HexBlock} key=${`${position}-${width}`} piece=${piece}
        first=${position * HEX_STEP} width=${width} />`)}
  </div>`;
}

function HexBlock({ piece, first, width }) {
  const rows = useMemo(() => hexRows(piece, first, width), [piece, first, width]);
  const column = (name) => rows.map((row) => row[name]).join('\n');
  return html`<div class="hex-block">
    <pre class="hex-offsets" aria-hidden="true">${column('offset')}</pre>
    <pre class="hex-digits">${column('hex')}</pre>
    <pre class="hex-characters">${column('characters')}</pre>
  </div>`;
}

/** The request as it came: its line, its headers, its body. `start` is the first line. */
export function Raw({ start, headers, encodings = [], path, bytes, label }) {
  const body = usePieces(bytes === 0 ? null : path);
  const isWhole = body.loaded === body.total;
  const isHex = body.pieces.length > 0 && isBinary(body.pieces[0], isWhole);
  const masked = new Set(encodings.filter(([, word]) => word === 'masked').map(([position]) => position));
  const head = [start, ...headers.map(([name, value], position) => `${name}: ${masked.has(position) ? '***' : value}`)];
  return html`<div>
    <${Lines} texts=${[head.map((line) => line.replaceAll('\n', ' ')).join('\n')]} name=${head.join('\n')} label=${`${label}: head`} />
    ${
      bytes > 0 &&
      (isHex
        ? html`<p class="note">The body is no text (${counted(bytes, 'byte')}): see Hex.</p>`
        : html`<div class="raw-body">
            <${Lines} texts=${decoded(body.pieces, isWhole)} name=${path} label=${`${label}: body`} />
            <${Rest} body=${body} step=${128 * 1024} />
          </div>`)
    }
  </div>`;
}
