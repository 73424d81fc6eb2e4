/** A field for a body: it says where the cursor is, whether the text is JSON, and what it holds that cannot be seen. */

import { html, useEffect, useId, useMemo, useRef, useState } from '../vendor/preact-htm.js';
import { counted } from '../words.js';
import { check, indented } from './json.js';
import { Sentence } from './text.js';
import { countHidden } from './visible.js';

/** Longer texts are checked when typing pauses. */
const CHECKED_AT_ONCE = 64 * 1024;
const PAUSE_MS = 250;

/** `text` and `change(text)` belong to the caller. `isJson` checks; `first` takes the focus when a dialog opens. */
export function Editor({ label, text, change, isJson, rows = 14, first = false }) {
  const field = useRef(null);
  const note = useId();
  const [place, setPlace] = useState({ line: 1, column: 1 });
  const error = useChecked(text, isJson);
  const hidden = useMemo(() => countHidden(text.replaceAll('\r\n', '\n')), [text]);
  const look = () => setPlace(placeOf(field.current.value, field.current.selectionStart));
  const type = (event) => {
    // A text field knows line feeds only; a body that ends its lines otherwise keeps doing so.
    const typed = event.currentTarget.value;
    change(text.includes('\r\n') ? typed.replaceAll('\n', '\r\n') : typed);
    look();
  };
  const goTo = () => {
    const at = text.slice(0, error.offset).replaceAll('\r\n', '\n').length;
    field.current.focus();
    field.current.setSelectionRange(at, Math.min(at + 1, field.current.value.length));
    look();
  };
  const format = () => {
    const laidOut = indented(text);
    if (laidOut !== null) change(laidOut);
  };
  return html`<div class="editor">
    <textarea
      class="field editor-field" aria-label=${label} aria-describedby=${note} aria-invalid=${error ? 'true' : 'false'} spellcheck=${false}
      autocapitalize="off" autocomplete="off" wrap="soft" rows=${rows} dir="ltr" ref=${field} value=${text} data-first=${first || undefined}
      onInput=${type} onKeyUp=${look} onClick=${look} onFocus=${look}></textarea>
    <div class="editor-note" id=${note}>
      <span class="faint">Line ${place.line}, column ${place.column}</span>
      ${isJson && !error && html`<span class="good-text">✓ JSON</span>`}
      ${error && html`<span class="bad-text" role="status">✗ No JSON: <${Sentence} text=${error.message} /></span> <button type="button"
          class="button small plain" onClick=${goTo}>Go there</button>`}
      ${hidden > 0 && html`<span class="warn-text">holds ${counted(hidden, 'invisible character')}</span>`}
      ${isJson && html`<button type="button" class="button small plain editor-format" onClick=${format} disabled=${Boolean(error)}
          title="One value a line; numbers and escapes stay as they are">Format</button>`}
    </div>
  </div>`;
}

function useChecked(text, isJson) {
  const [error, setError] = useState(null);
  useEffect(() => {
    if (!isJson) {
      setError(null);
      return undefined;
    }
    const timer = setTimeout(() => setError(check(text)), text.length > CHECKED_AT_ONCE ? PAUSE_MS : 0);
    return () => clearTimeout(timer);
  }, [text, isJson]);
  return error;
}

/** Line and column, from 1, of an offset. */
export function placeOf(text, offset) {
  const before = text.slice(0, offset);
  return { line: before.split('\n').length, column: [...before.slice(before.lastIndexOf('\n') + 1)].length + 1 };
}
