/** The list: a listbox of any length that draws only the rows in view. */

import { html, useEffect, useLayoutEffect, useRef, useState } from './vendor/preact-htm.js';
import { Row, RowOnItsWay, ROW_HEIGHT } from './row.js';
import { useChanges } from './store.js';
import { clockTime, dayTime } from './words.js';

/** Rows drawn beyond each edge of the view, so that a flick of the wheel shows no gap. */
const BEYOND = 8;
/** Browsers draw no element that is taller than some 16 million pixels: a longer list scrolls in proportion. */
const TALLEST = 12_000_000;
/** Within this of the top, the list counts as being at its top. */
const AT_TOP = 4;

/** How far the rows are moved against where they would stand if the list were drawn at full height. */
function shiftOf(scrollTop, height, length) {
  const full = length * ROW_HEIGHT;
  if (full <= TALLEST) return 0;
  const share = scrollTop / Math.max(1, TALLEST - height);
  return share * (full - height) - scrollTop;
}

/** The first and the last place in view, with what lies beyond each edge. */
function placesInView(scrollTop, height, length) {
  const top = scrollTop + shiftOf(scrollTop, height, length);
  const first = Math.max(0, Math.floor(top / ROW_HEIGHT) - BEYOND);
  const last = Math.min(length - 1, Math.ceil((top + height) / ROW_HEIGHT) + BEYOND);
  return { first, last, shift: top - scrollTop };
}

/** A clock that ticks each second while the page is looked at. */
function useNow() {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => !document.hidden && setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, []);
  return now;
}

/** Where the list stands: how far scrolled, how high. */
function useViewport(box) {
  const [view, setView] = useState({ top: 0, height: 600 });
  useLayoutEffect(() => {
    const read = () => setView({ top: box.current.scrollTop, height: box.current.clientHeight });
    const observer = new ResizeObserver(read);
    observer.observe(box.current);
    box.current.addEventListener('scroll', read, { passive: true });
    const element = box.current;
    return () => {
      observer.disconnect();
      element.removeEventListener('scroll', read);
    };
  }, []);
  return view;
}

/** Scrolls a place into view, no further than needed. */
function scrollToPlace(element, index, length) {
  const { scrollTop, clientHeight } = element;
  const shift = shiftOf(scrollTop, clientHeight, length);
  const top = index * ROW_HEIGHT - shift;
  if (top < scrollTop) element.scrollTop = place(index * ROW_HEIGHT, clientHeight, length);
  else if (top + ROW_HEIGHT > scrollTop + clientHeight) {
    element.scrollTop = place((index + 1) * ROW_HEIGHT - clientHeight, clientHeight, length);
  }
}

/** How far to scroll for a place of the full height. */
function place(top, height, length) {
  const full = length * ROW_HEIGHT;
  return full <= TALLEST ? top : (top / (full - height)) * (TALLEST - height);
}

/** The list. `reveal` names the event to scroll to, and changes when it shall. */
export function List({ list, selectedId, marks, isPaused, reveal, onSelect, onTop }) {
  useChanges(list);
  const box = useRef(null);
  const now = useNow();
  const view = useViewport(box);
  const { first, last, shift } = placesInView(view.top, view.height, list.length);
  const selectedIndex = list.indexOf(selectedId);
  const isAtTop = view.top <= AT_TOP;

  useLayoutEffect(() => list.see(first, last));
  useLayoutEffect(() => list.freeze(isPaused || !isAtTop || selectedIndex >= 0), [isPaused, isAtTop, selectedIndex >= 0]);
  useLayoutEffect(() => {
    if (reveal === null) return;
    const index = reveal.index ?? list.indexOf(reveal.id);
    if (index >= 0) scrollToPlace(box.current, index, list.length);
  }, [reveal]);
  // A list that was loaded anew shows the event that is open, if it is among the first.
  useLayoutEffect(() => {
    if (selectedIndex >= 0) scrollToPlace(box.current, selectedIndex, list.length);
  }, [list.isLoading ? -1 : list.loads]);
  useLayoutEffect(() => {
    onTop.current = () => { box.current.scrollTop = 0; };
    return () => { onTop.current = () => {}; };
  }, []);

  const size = list.isCounted ? list.length : -1;
  const rows = [];
  const draw = (index) => {
    const row = list.at(index);
    const mark = row && marks.includes(row.id) ? 'AB'[marks.indexOf(row.id)] : null;
    rows.push(row
      ? html`<${Row} key=${list.keyAt(index)} row=${row} index=${index} size=${size} isSelected=${row.id === selectedId}
          mark=${mark} now=${now} onSelect=${onSelect} />`
      : html`<${RowOnItsWay} key=${list.keyAt(index)} index=${index} size=${size} />`);
  };
  for (let index = first; index <= last; index += 1) draw(index);
  // The active descendant must be there, wherever the list is scrolled to.
  if (selectedIndex >= 0 && (selectedIndex < first || selectedIndex > last)) draw(selectedIndex);

  const height = Math.min(TALLEST, list.length * ROW_HEIGHT);
  return html`<div class="list-frame">
    <div ref=${box} class="list" role="listbox" tabindex="0" aria-label="Events" aria-busy=${list.isLoading ? 'true' : 'false'}
      aria-activedescendant=${selectedIndex >= 0 ? `event-${selectedId}` : null}>
      <div class="list-rows" role="presentation" style=${{ height: `${height}px` }}>
        <div role="presentation" style=${{ transform: `translateY(${-shift}px)` }}>${rows}</div>
      </div>
    </div>
    <${Progress} list=${list} />
  </div>`;
}

/** How far a search has come. */
function Progress({ list }) {
  // What is wrong with a filter stands below its field.
  if (list.error && list.error.code !== 'filter') return html`<p class="list-progress bad-text">${list.error.message}; trying again</p>`;
  if (list.isCounted || (list.searching === null && list.scannedTo === null)) return null;
  const time = list.searching || list.scannedTo;
  const back = time ? `${isToday(time) ? clockTime(time) : dayTime(time)}` : null;
  const text = list.searching === null ? `Searched back to ${back}; scroll for more` : `Searching…${back ? ` back to ${back}` : ''}`;
  return html`<p class=${`list-progress${list.searching === null ? '' : ' busy'}`}>${text}</p>`;
}

const isToday = (time) => new Date(time).toDateString() === new Date().toDateString();
