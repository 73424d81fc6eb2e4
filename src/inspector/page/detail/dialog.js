/** One accessible dialog: the browser keeps the focus inside, Esc closes it, and the focus goes back to where it was. */

import { html, useEffect, useId, useRef } from '../vendor/preact-htm.js';
import { Icon } from '../glyphs.js';
import { Visible } from './text.js';

/**
 * `close` is called when the person wants it gone; `foot` stands below what scrolls, `dock` over the foot.
 * `submit` runs on Ctrl+Enter anywhere inside.
 */
export function Dialog({ title, close, className = '', foot, dock, submit, children }) {
  const box = useRef(null);
  const latest = useRef(submit);
  latest.current = submit;
  const name = useId();
  useEffect(() => {
    const before = document.activeElement;
    const dialog = box.current;
    dialog.showModal();
    const first = dialog.querySelector('[data-first]') ?? dialog.querySelector('input, textarea, select, button.primary');
    if (first?.localName === 'textarea') first.setSelectionRange(0, 0);
    first?.focus({ preventScroll: true });
    return () => {
      dialog.close();
      if (before?.isConnected) before.focus({ preventScroll: true });
    };
  }, []);
  const cancel = (event) => {
    event.preventDefault();
    close();
  };
  const keys = (event) => {
    // The page's own keys are for the page behind.
    event.stopPropagation();
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey) && submit) {
      event.preventDefault();
      // What was typed just before is drawn with the next frame, and is meant too.
      requestAnimationFrame(() => latest.current?.());
    }
  };
  return html`<dialog class=${`dialog ${className}`} aria-labelledby=${name} ref=${box} onCancel=${cancel} onKeyDown=${keys}>
    <header class="dialog-head">
      <h2 id=${name}><${Visible} text=${title} /></h2>
      <button type="button" class="button plain small icon" aria-label="Close" title="Close (Esc)" onClick=${close}><${Icon}
          name="close" /></button>
    </header>
    <div class="dialog-body">${children}</div>
    ${dock && html`<div class="dialog-dock">${dock}</div>`}
    ${foot && html`<footer class="dialog-foot">${foot}</footer>`}
  </dialog>`;
}
