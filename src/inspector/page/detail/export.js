/** The menu of the forms in which an event can be had. */

import { html, useEffect, useRef, useState } from '../vendor/preact-htm.js';
import { notify, notifyError } from '../announce.js';
import { text } from '../api.js';
import { keyed } from '../keys.js';
import { copied } from './copy.js';
import { eventPath } from './routes.js';
import { saveBytes } from './save.js';

const FORMATS = [
  { format: 'har', title: 'HAR', note: 'browsers, proxies', name: 'har' },
  { format: 'jsonl', title: 'JSON', note: 'hookctl events import', name: 'jsonl' },
  { format: 'http', title: 'HTTP', note: 'editors, REST clients', name: 'http' },
  { format: 'curl', title: 'curl', note: 'a shell command', name: 'sh' },
  { format: 'fixture', title: 'Fixture', note: 'hookctl send', name: 'json' },
];

/** Between a menu and its button or the page's edge. */
const GAP = 4;

let opener = null;

/** Opens the menu, where one is on the page. */
export function openExport() {
  opener?.();
}

/** The name a server gives a file. */
export function fileName(headers, fallback) {
  return /filename="([^"]+)"/.exec(headers?.get('content-disposition') ?? '')?.[1] ?? fallback;
}

/** Puts a menu below its button, or above where there is no room, and never beyond the page. */
function placeBelow(menu, button) {
  const at = button.getBoundingClientRect();
  const { offsetWidth: width, offsetHeight: height } = menu;
  const below = at.bottom + GAP;
  menu.style.left = `${Math.max(GAP, Math.min(at.left, innerWidth - width - GAP))}px`;
  menu.style.top = `${below + height <= innerHeight ? below : Math.max(GAP, at.top - height - GAP)}px`;
}

/** The button and its menu. */
export function ExportMenu({ id, label }) {
  const [isOpen, setOpen] = useState(false);
  const button = useRef(null);
  const menu = useRef(null);
  useEffect(() => {
    const show = () => setOpen(true);
    opener = show;
    return () => {
      if (opener === show) opener = null;
    };
  }, []);
  useEffect(() => {
    if (!isOpen) return undefined;
    menu.current.showPopover();
    placeBelow(menu.current, button.current);
    menu.current.querySelector('[role="menuitem"]').focus();
    const outside = (event) => {
      if (!menu.current?.parentElement.contains(event.target)) setOpen(false);
    };
    const gone = () => setOpen(false);
    document.addEventListener('pointerdown', outside);
    window.addEventListener('resize', gone);
    return () => {
      document.removeEventListener('pointerdown', outside);
      window.removeEventListener('resize', gone);
    };
  }, [isOpen]);
  const close = () => {
    setOpen(false);
    button.current.focus();
  };
  const take = async (format, isCopy) => {
    close();
    try {
      const answer = await text(`${eventPath(id)}/export`, { query: { format: format.format } });
      if (isCopy) {
        await copied(answer.text);
        notify(`Copied as ${format.title}`);
        return;
      }
      saveBytes(answer.bytes, fileName(answer.headers, `${id}.${format.name}`));
      notify(`Saved as ${format.title}`);
    } catch (error) {
      notifyError(error);
    }
  };
  const keys = (event) => {
    const items = [...menu.current.querySelectorAll('[role="menuitem"]')];
    const at = items.indexOf(document.activeElement);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: items.length - 1, ArrowRight: at + 1, ArrowLeft: at - 1 }[event.key];
    if (event.key === 'Escape' || event.key === 'Tab') {
      if (event.key === 'Escape') event.preventDefault();
      event.stopPropagation();
      close();
    } else if (to !== undefined) {
      event.preventDefault();
      event.stopPropagation();
      items[(to + items.length) % items.length].focus();
    } else if (event.key.length === 1) {
      event.stopPropagation();
    }
  };
  return html`<div class="menu-place">
    <button type="button" class="button small" ref=${button} ...${keyed('export')} aria-haspopup="menu"
        aria-expanded=${isOpen ? 'true' : 'false'} onClick=${() => setOpen(!isOpen)}>
      ${label}
    </button>
    ${
      isOpen &&
      html`<div class="menu" role="menu" popover="manual" aria-label="Export as" ref=${menu} onKeyDown=${keys}>
        ${FORMATS.map(
          (format) => html`<div class="menu-line" role="none" key=${format.format}>
            <button type="button" role="menuitem" tabindex="-1" class="menu-item" onClick=${() => take(format, false)}>${format.title} <span
                class="faint">${format.note}</span></button>
            <button type="button" role="menuitem" tabindex="-1" class="menu-item menu-copy" aria-label=${`Copy as ${format.title}`}
                onClick=${() => take(format, true)}>Copy</button>
          </div>`,
        )}
        <p class="menu-note faint">Secrets are masked.</p>
      </div>`
    }
  </div>`;
}
