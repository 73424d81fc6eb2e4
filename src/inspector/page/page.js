/** The state of the page and what its actions do to it. */

import { dropToken, get, onRefused } from './api.js';
import { notify, notifyError } from './announce.js';
import { copyText } from './clipboard.js';
import { run } from './detail/actions.js';
import { EventList } from './event-list.js';
import { Live } from './live.js';
import { linkTo, readRoute, showRoute } from './route.js';
import { Store } from './store.js';
import { applyTheme, chosenTheme, themeAfter } from './theme.js';

/** How long an action waits for a row that must be fetched first. */
const ROW_WAIT_MS = 5000;

/** Actions that the event's side carries out. */
const OF_DETAIL = new Set(['replay', 'edit', 'resign', 'raw', 'curl', 'export', 'pin']);

/** Tells of rows that arrive. */
class Arrivals {
  #listeners = new Set();

  /** Calls `listener(rows)` for what arrives; returns how to stop. */
  subscribe(listener) {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Tells everybody. */
  tell(rows) {
    for (const listener of this.#listeners) listener(rows);
  }
}

/** Who walks through the list is in the list: Enter must not press the button that was used before. */
function leaveButton() {
  if (document.activeElement?.closest('.topbar, .activity, .list-head')) document.querySelector('.list')?.focus({ preventScroll: true });
}

/** See above. `store.value` is what the components draw; `act` is all they may do. */
export class Page {
  list = new EventList();
  arrivals = new Arrivals();
  /** Set by the list: scrolls it to its top. */
  toTop = { current: () => {} };
  /** The search field's element. */
  searchField = { current: null };
  #lastId = null;

  constructor({ isLocked }) {
    const { id, filter } = readRoute();
    this.store = new Store({
      isLocked, wasRefused: false, status: null, connection: 'connecting', isPaused: false,
      selectedId: id, rowId: null, isOpen: id !== null, marks: [], dialog: null, argument: null,
      theme: chosenTheme(), filter, shownFilter: filter, filterError: null, version: 0, reveal: null,
    });
    this.list.keep(id);
    this.live = new Live({
      list: this.list,
      store: this.store,
      onArrived: (rows) => this.arrivals.tell(rows),
      onChanged: (rows) => this.#changed(rows),
      onBack: () => this.store.set({ version: this.store.value.version + 1 }),
      onLoaded: () => this.list.loads > 1 && this.store.set({ version: this.store.value.version + 1 }),
    });
    onRefused(() => this.#refused());
  }

  /** Loads and goes live. */
  start() {
    this.store.set({ isLocked: false, wasRefused: false });
    get('status').then((status) => this.store.value.status ?? this.store.set({ status })).catch(() => {});
    this.live.start(this.store.value.filter);
  }

  #refused() {
    dropToken();
    this.live.stop();
    this.store.set({ isLocked: true, wasRefused: true, dialog: null });
  }

  #changed(rows) {
    const { selectedId, version } = this.store.value;
    // Nothing arrived, but the numbers of deliveries are others now.
    this.arrivals.tell([]);
    if (rows.some((row) => row.id === selectedId)) this.store.set({ version: version + 1 });
  }

  /** Follows the address bar: a link that was opened, or a step back. */
  follow() {
    const { id, filter } = readRoute();
    if (id !== this.store.value.selectedId) this.#select(id, { isShown: true, isOpen: id !== null });
    if (filter !== this.store.value.filter) this.filter(filter, true);
  }

  /** Shows what matches a text. */
  filter = (text, isShown = false) => {
    if (text === this.store.value.filter && !this.store.value.filterError) return;
    this.store.set({ filter: text, filterError: null });
    if (!isShown) showRoute({ id: this.store.value.selectedId, filter: text }, false);
    this.live.start(text);
  };

  /** Lets in what arrived meanwhile, and shows it. */
  admit = () => {
    this.list.admit();
    this.toTop.current();
  };

  /** Runs an action by its name. */
  act = (name, argument) => {
    const { selectedId } = this.store.value;
    if (OF_DETAIL.has(name)) return this.#runDetail(name, argument);
    switch (name) {
      case 'next': return this.#step(1);
      case 'previous': return this.#step(-1);
      case 'first': return this.#first();
      case 'last': return this.#goTo(this.list.length - 1);
      case 'select': return this.#select(argument.id ?? argument, { isOpen: true, rowId: argument.rowId });
      case 'open': return selectedId && this.#open();
      case 'close': return this.#close();
      case 'search': return this.searchField.current?.select();
      case 'pause': return this.#pause();
      case 'mark': return this.#mark(argument ?? selectedId);
      case 'filter': return this.filter(argument);
      case 'unmark': return this.store.set({ marks: [] });
      case 'compare': return this.store.set({ marks: argument, dialog: 'compare', argument: null });
      case 'copyLink': return selectedId && this.#copyLink(selectedId);
      case 'theme': return this.#theme(argument ?? themeAfter(this.store.value.theme));
      case 'send': case 'help': return this.openDialog(name, argument);
      default: throw new Error(`no action is called ${name}`);
    }
  };

  /** The row that stands for the selected event: its own, else the one that it is folded under. */
  shownId() {
    const { selectedId, rowId } = this.store.value;
    return rowId !== null && this.list.indexOf(selectedId) < 0 ? rowId : selectedId;
  }

  /** Opens a dialog by its name. */
  openDialog = (dialog, argument = null) => this.store.set({ dialog, argument });

  /** Closes the dialog. */
  closeDialog = () => this.store.set({ dialog: null, argument: null });

  async #runDetail(name, argument) {
    const { selectedId, status, marks } = this.store.value;
    if (!selectedId) return;
    const { act, openDialog: open, closeDialog: close } = this;
    try {
      const event = this.list.at(this.list.indexOf(selectedId));
      await run(name, { id: selectedId, event, status, marks, argument, open, close, notify, act });
    } catch (error) {
      notifyError(error);
    }
  }

  /** `rowId` is the row that the event is folded under, where it has none of its own. */
  #select(id, { isOpen = this.store.value.isOpen, isShown = false, rowId = null } = {}) {
    const before = this.store.value.selectedId;
    if (before !== null) this.#lastId = before;
    this.list.keep(rowId ?? id);
    this.store.set({ selectedId: id, rowId, isOpen: id !== null && isOpen, reveal: { id } });
    if (!isShown) showRoute({ id, filter: this.store.value.filter }, before === null && id !== null);
  }

  async #step(by) {
    leaveButton();
    const at = this.list.indexOf(this.shownId());
    if (at >= 0 && at + by >= 0) return this.#goTo(at + by);
    if (at === 0 && this.list.waiting) {
      this.list.admit();
      return this.#goTo(Math.max(0, this.list.indexOf(this.shownId()) - 1));
    }
    return at === 0 ? undefined : this.#goTo(Math.max(0, this.list.indexOf(this.#lastId)));
  }

  #first() {
    this.list.admit();
    this.toTop.current();
    return this.#goTo(0);
  }

  async #goTo(index) {
    const bounded = Math.min(index, this.list.length - 1);
    if (bounded < 0) return;
    this.store.set({ reveal: { index: bounded } });
    const row = await this.#rowAt(bounded);
    if (row) this.#select(row.id);
  }

  /** The row of a place, once it is loaded. */
  #rowAt(index) {
    const row = this.list.at(index);
    if (row) return row;
    return new Promise((done) => {
      const finish = () => {
        unsubscribe();
        clearTimeout(timer);
        done(this.list.at(index));
      };
      const unsubscribe = this.list.subscribe(() => this.list.at(index) && finish());
      const timer = setTimeout(finish, ROW_WAIT_MS);
    });
  }

  #open() {
    this.store.set({ isOpen: true });
    requestAnimationFrame(() => requestAnimationFrame(() => (document.getElementById('detail-title') ?? document.querySelector('.event-pane'))?.focus()));
  }

  #close() {
    if (this.store.value.selectedId === null) return;
    this.#select(null);
    requestAnimationFrame(() => document.querySelector('.list')?.focus({ preventScroll: true }));
  }

  #pause() {
    const isPaused = !this.store.value.isPaused;
    this.store.set({ isPaused });
    notify(isPaused ? 'The list is paused: new events wait' : 'The list goes on');
  }

  #mark(id) {
    if (!id) return;
    const { marks } = this.store.value;
    if (marks.includes(id)) return this.store.set({ marks: marks.filter((one) => one !== id) });
    const next = marks.length >= 2 ? [id] : [...marks, id];
    this.store.set({ marks: next });
    if (next.length === 2) this.openDialog('compare');
    else notify('Marked as A; mark another event to compare the two');
  }

  async #copyLink(id) {
    if (await copyText(linkTo(id))) notify('Link copied');
    else notify('The browser does not allow copying', 'error');
  }

  #theme(theme) {
    applyTheme(theme);
    this.store.set({ theme });
    notify(`Theme: ${theme === 'auto' ? 'as the system' : theme}`);
  }
}
