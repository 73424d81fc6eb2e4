/** The page's actions and the keys that run them: help, titles of buttons and tests read the one table. */

/**
 * Every action. `key` is what the key sends (`KeyboardEvent.key`), `also` are further ones; `needs: 'event'` means that
 * it does nothing without a selected event. The order is that of the help.
 */
export const ACTIONS = [
  { name: 'next', key: 'j', also: ['ArrowDown'], title: 'Next (older) event', group: 'List', needs: null },
  { name: 'previous', key: 'k', also: ['ArrowUp'], title: 'Previous (newer) event', group: 'List', needs: null },
  { name: 'first', key: 'g', also: ['Home'], title: 'Newest event', group: 'List', needs: null },
  { name: 'last', key: 'G', also: ['End'], title: 'Oldest event', group: 'List', needs: null },
  { name: 'open', key: 'Enter', title: 'Open the event', group: 'List', needs: 'event' },
  { name: 'close', key: 'Escape', title: 'Close the event', group: 'List', needs: null },
  { name: 'search', key: '/', title: 'Search', group: 'List', needs: null },
  { name: 'pause', key: 'l', title: 'Pause the list, or go on', group: 'List', needs: null },
  { name: 'replay', key: 'r', title: 'Replay', group: 'Event', needs: 'event' },
  { name: 'edit', key: 'e', title: 'Edit and replay', group: 'Event', needs: 'event' },
  { name: 'resign', key: 's', title: 'Sign again and replay', group: 'Event', needs: 'event' },
  { name: 'raw', key: 'v', title: 'Raw request, or laid out again', group: 'Event', needs: 'event' },
  { name: 'mark', key: 'd', title: 'Mark to compare (first A, then B)', group: 'Event', needs: 'event' },
  { name: 'curl', key: 'c', title: 'Copy as curl', group: 'Event', needs: 'event' },
  { name: 'export', key: 'x', title: 'Export', group: 'Event', needs: 'event' },
  { name: 'pin', key: 'p', title: 'Pin, or unpin', group: 'Event', needs: 'event' },
  { name: 'copyLink', key: 'y', title: 'Copy a link to the event', group: 'Event', needs: 'event' },
  { name: 'send', key: 'n', title: 'Send a test event', group: 'Page', needs: null },
  { name: 'theme', key: 't', title: 'Theme: auto, light, dark', group: 'Page', needs: null },
  { name: 'help', key: '?', title: 'Keys and help', group: 'Page', needs: null },
];

const BY_NAME = new Map(ACTIONS.map((action) => [action.name, action]));
const BY_KEY = new Map(ACTIONS.flatMap((action) => [action.key, ...(action.also ?? [])].map((key) => [key, action])));

/** Keys that a focused button, link or scrolled pane has its own use for. */
const OF_CONTROLS = new Set(['Enter', 'ArrowDown', 'ArrowUp', 'Home', 'End']);

/** How a key is written for a person. */
export const keyLabel = (key) => ({ Escape: 'Esc', ArrowDown: '↓', ArrowUp: '↑' })[key] ?? key;

/** The attributes that tell a button's key: `html\`<button ...${keyed('replay')}>\``. */
export function keyed(name) {
  const { title, key } = BY_NAME.get(name);
  const spoken = key.length === 1 && key !== key.toLowerCase() ? `Shift+${key}` : key;
  return { title: `${title} (${keyLabel(key)})`, 'aria-keyshortcuts': spoken };
}

/** Whether what has the focus takes the keys for itself. */
function isField(element) {
  return Boolean(element?.closest?.('input, textarea, select, [contenteditable=""], [contenteditable="true"], dialog'));
}

/**
 * The action that a key press asks for, or null: none while a field or a dialog has the focus, or with ctrl, alt or
 * meta; Enter and the arrows only where nothing else uses them.
 */
export function actionOf(event) {
  if (event.defaultPrevented || event.isComposing || event.ctrlKey || event.altKey || event.metaKey) return null;
  if (isField(event.target) || document.querySelector('dialog[open]')) return null;
  const action = BY_KEY.get(event.key);
  if (!action) return null;
  const isFree = event.target === document.body || event.target.closest?.('[role="listbox"]');
  return OF_CONTROLS.has(event.key) && !isFree ? null : action;
}
