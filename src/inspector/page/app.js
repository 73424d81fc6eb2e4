/** The page as a whole: bar, activity, list and event side by side, dialogs and messages. */

import { html, useEffect, useRef, useState } from './vendor/preact-htm.js';
import { Activity } from './activity.js';
import { notify, Toasts } from './announce.js';
import { keepToken } from './api.js';
import { Detail, Dialogs } from './detail/index.js';
import { NoEvents, NoMatch, NothingOpen, NotLoaded, SearchingOn } from './empty.js';
import { Icon } from './glyphs.js';
import { Help } from './help.js';
import { actionOf } from './keys.js';
import { List } from './list.js';
import { Lock } from './lock.js';
import { takeToken } from './route.js';
import { ListHead } from './search.js';
import { Separator, useListWidth } from './split.js';
import { useChanges } from './store.js';
import { Topbar } from './topbar.js';

/** While keys walk through the list, an event is loaded once they rest for this long. */
const REST_MS = 120;

/** The value, but while it changes quickly only the last one. */
function useRested(value) {
  const [rested, setRested] = useState(value);
  const changed = useRef(0);
  useEffect(() => {
    const isQuick = Date.now() - changed.current < REST_MS;
    changed.current = Date.now();
    const timer = setTimeout(() => setRested(value), isQuick ? REST_MS : 0);
    return () => clearTimeout(timer);
  }, [value]);
  return rested;
}

/** Keys run actions; the address bar is followed. */
function useKeysAndRoute(page) {
  useEffect(() => {
    const onKey = (event) => {
      const action = page.store.value.isLocked ? null : actionOf(event);
      // A key that is held down walks through the list, but sends nothing twice.
      if (event.repeat && action?.group !== 'List') return;
      if (!action || (action.needs === 'event' && !page.store.value.selectedId)) return;
      event.preventDefault();
      page.act(action.name);
    };
    const onRoute = () => {
      const found = takeToken();
      if (found && keepToken(found)) page.start();
      page.follow();
    };
    document.addEventListener('keydown', onKey);
    window.addEventListener('hashchange', onRoute);
    return () => {
      document.removeEventListener('keydown', onKey);
      window.removeEventListener('hashchange', onRoute);
    };
  }, [page]);
}

/** What the list's place shows. */
function ListPlace({ page, state }) {
  const { list, act, filter } = page;
  useChanges(list);
  if (list.length === 0 && list.waiting === 0) {
    if (list.error && list.error.code !== 'filter') return html`<${NotLoaded} error=${list.error} onRetry=${() => page.start()} />`;
    if (list.isLoading) return html`<div class="list-frame" aria-busy="true"></div>`;
    if (!list.isCounted && (list.searching !== null || list.scannedTo !== null)) return html`<${SearchOn} list=${list} />`;
    if (state.shownFilter) return html`<${NoMatch} filter=${state.shownFilter} onFilter=${filter} notify=${notify} />`;
    return html`<${NoEvents} listening=${state.status?.listening} act=${act} notify=${notify} />`;
  }
  return html`<${List} list=${list} selectedId=${page.shownId()} marks=${state.marks} isPaused=${state.isPaused} reveal=${state.reveal}
    onSelect=${(id) => act('select', id)} onTop=${page.toTop} />`;
}

/** Nothing found yet, but not everything was looked at: the search goes on by itself. */
function SearchOn({ list }) {
  useEffect(() => list.see(0, 0));
  return html`<${SearchingOn} scannedTo=${list.scannedTo} />`;
}

function Panes({ page, state }) {
  const [width, setWidth] = useListWidth();
  const rested = useRested(state.selectedId);
  const shownId = state.selectedId === null ? null : rested;
  const frame = useRef(null);
  useEffect(() => { frame.current.style.setProperty('--list-width', `${width}px`); }, [width]);
  useEffect(() => page.toTop.current(), [state.shownFilter]);
  const screen = state.selectedId && state.isOpen ? 'event' : 'list';
  return html`<main ref=${frame} class="panes" data-screen=${screen} aria-label="Events">
    <section class="list-pane" aria-label="Received events">
      <${ListHeadLive} page=${page} state=${state} />
      <${ListPlace} page=${page} state=${state} />
      <${Separator} width=${width} onWidth=${setWidth} />
    </section>
    <section class="event-pane" aria-label="Event" tabindex="-1">
      ${state.selectedId && html`<button type="button" class="button plain back" onClick=${() => page.act('close')}><${Icon} name="back" />All events</button>`}
      ${shownId
        ? html`<${Detail} id=${shownId} marks=${state.marks} status=${state.status} version=${state.version} act=${page.act} notify=${notify} />`
        : html`<${NothingOpen} />`}
    </section>
  </main>`;
}

function ListHeadLive({ page, state }) {
  useChanges(page.list);
  return html`<${ListHead} list=${page.list} filter=${state.shownFilter} isPaused=${state.isPaused} onFilter=${page.filter}
    onAdmit=${page.admit} act=${page.act} notify=${notify} />`;
}

/** The page. */
export function App({ page }) {
  useChanges(page.store);
  useKeysAndRoute(page);
  const state = page.store.value;
  if (state.isLocked) return html`<${Lock} wasRefused=${state.wasRefused} onToken=${() => page.start()} />`;
  return html`<div class="page">
    <${Topbar} state=${state} act=${page.act} onFilter=${page.filter} fieldRef=${page.searchField} notify=${notify} />
    <${Activity} filter=${state.shownFilter} arrivals=${page.arrivals} />
    <${Panes} page=${page} state=${state} />
    ${state.dialog === 'help' && html`<${Help} version=${state.status?.version} onClose=${page.closeDialog} />`}
    <${Dialogs} dialog=${state.dialog} argument=${state.argument} id=${state.selectedId} marks=${state.marks} status=${state.status}
      act=${page.act} notify=${notify} close=${page.closeDialog} />
    <aside aria-label="Messages"><${Toasts} /></aside>
  </div>`;
}
