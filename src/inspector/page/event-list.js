/**
 * The list of the events that match a filter, newest first: which rows there are, which are loaded, which wait.
 *
 * Where the server knows how many match, any place of the list can be fetched by its offset from a snapshot. Where
 * only reading each event could tell, the list grows at its end by cursors, and its length is what was found so far.
 */

import { get } from './api.js';
import { Fetches } from './fetches.js';
import { PAGE, Rows } from './rows.js';

/** Events that wait in front of a list that must not move; beyond it they are only counted, and loaded later. */
const WAITING = 1000;
/** What arrived since a search began is kept, up to this; then the search begins anew. */
const FOUND_IN_FRONT = 5000;

/** Whether a filter by what changes (the outcome, the pin) may take a row that it did not take when it came. */
function belongsNow(filter, row) {
  const { last } = row.deliveries;
  if (/\bis:pinned\b/.test(filter)) return row.pinned;
  return /\bis:failed\b|(^|\s)failed(\s|$)/.test(filter) && last !== null && !(last.status >= 200 && last.status < 300);
}

/** See above. Whoever draws it calls `subscribe`. */
export class EventList {
  rows = new Rows();
  /** How many rows the list has, as far as it is known. */
  length = 0;
  /** Whether `length` is all there is. */
  isCounted = false;
  /** null, or how far back the search has come (RFC 3339), while it goes on. */
  searching = null;
  /** The oldest time that was looked at; null when everything was. */
  scannedTo = null;
  isLoading = false;
  error = null;
  /** Rows that arrived and are not in the list yet. */
  waiting = 0;
  /** While true, what arrives waits. */
  isFrozen = false;
  /** Begins the list anew. Who streams what arrives sets this, and streams anew, too: else what is told meanwhile were lost. */
  reload = () => this.load(this.#filter).catch(() => {});

  #filter = '';
  #top = -1;
  #bottom = 0;
  #upto = null;
  #latest = null;
  #next = null;
  #chunks = [];
  #held = [];
  #fetches = new Fetches((page) => this.#fetch(page), (page, error) => this.#fetched(error));
  #generation = 0;
  #loads = 0;
  #listeners = new Set();
  #keptId = null;
  #range = [0, 0];

  /** Grows with each list that is begun. */
  get loads() {
    return this.#loads;
  }

  /** Calls `listener` after each change; returns how to stop. */
  subscribe(listener) {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** The row at a place, 0 is the newest; undefined where it is not loaded. */
  at(index) {
    return this.rows.at(this.#top - index);
  }

  /** A name of the place that stays when others arrive in front. */
  keyAt(index) {
    return this.#top - index;
  }

  /** The place of an event, or -1. */
  indexOf(id) {
    const ordinal = id === null ? undefined : this.rows.ordinalOf(id);
    return ordinal === undefined ? -1 : this.#top - ordinal;
  }

  /** Never forgets the page of this event. */
  keep(id) {
    this.#keptId = id;
  }

  /** Loads the newest page of a filter; what was there before stays to be seen until then. Gives the cursor from which a stream goes on. */
  async load(filter) {
    this.#loads += 1;
    const load = this.#loads;
    this.#generation += 1;
    this.isLoading = true;
    this.#tell();
    try {
      const answer = await get('events', { query: { filter, fold: true, limit: PAGE } });
      if (load !== this.#loads) return null;
      this.#filter = filter;
      this.#begin(answer);
      return answer.newest ?? '';
    } catch (error) {
      if (load === this.#loads) this.error = error;
      throw error;
    } finally {
      if (load === this.#loads) {
        this.isLoading = false;
        this.#tell();
      }
    }
  }

  #begin({ events, next, total, newest, scanned_to: scannedTo }) {
    this.#generation += 1;
    this.rows.clear();
    this.#fetches.begin();
    this.#held = [];
    this.waiting = 0;
    this.error = null;
    this.#upto = newest;
    this.#latest = newest;
    this.isCounted = total !== null;
    this.#bottom = 0;
    this.#top = (this.isCounted ? total : events.length) - 1;
    this.#next = next;
    this.#chunks = [];
    this.scannedTo = next === null ? null : scannedTo;
    events.forEach((row, index) => this.rows.put(this.#top - index, row));
    this.length = this.#top + 1;
    this.searching = null;
  }

  /** What the stream brought, in the order of arrival; `cursor` stands behind the last. */
  receive(rows, cursor) {
    this.#latest = cursor ?? this.#latest;
    this.waiting += rows.length;
    if (this.#held.length + rows.length <= WAITING) this.#held.push(...rows);
    else this.#held = [];
    if (!this.isFrozen) this.admit();
    this.#tell();
  }

  /** Freezes the list, or lets it go on with all that waited. */
  freeze(isFrozen) {
    if (this.isFrozen === isFrozen) return;
    this.isFrozen = isFrozen;
    if (!isFrozen) this.admit();
  }

  /** Lets in what waits. Where that is too much to have been kept, the list is loaded anew. */
  admit() {
    if (!this.waiting) return;
    const isTooMuch = this.#held.length < this.waiting || (!this.isCounted && this.#top > FOUND_IN_FRONT);
    if (isTooMuch) {
      this.waiting = 0;
      this.#held = [];
      this.reload();
      return;
    }
    const held = this.#held;
    this.#held = [];
    this.waiting = 0;
    for (const row of held) this.#add(row);
    this.#upto = this.#latest;
    this.length = this.#top - this.#bottom + 1;
    this.#trim();
    this.#tell();
  }

  #add(row) {
    if (this.rows.update(row)) return;
    if (row.repeats > 1) this.#fold(row);
    this.#top += 1;
    this.rows.put(this.#top, row);
  }

  /** An event that repeats an earlier one takes its place in the list. */
  #fold(row) {
    const earlier = this.rows.ofDelivery(row);
    if (earlier !== undefined) this.#remove(this.rows.ordinalOf(earlier));
    else if (!this.isCounted) return;
    else this.rows.keepFrom(this.#solidFrom());
    this.#generation += 1;
    this.#top -= 1;
  }

  #remove(ordinal) {
    this.rows.remove(ordinal, this.#top);
    for (const chunk of this.#chunks) {
      if (chunk.top < ordinal) continue;
      if (chunk.top - chunk.count < ordinal) chunk.count -= 1;
      chunk.top -= 1;
    }
  }

  /** The ordinal from which on all rows up to the newest are in memory. */
  #solidFrom() {
    let ordinal = this.#top;
    while (this.rows.at(ordinal) !== undefined) ordinal -= 1;
    return ordinal + 1;
  }

  /** Rows whose deliveries or pins changed. What belongs into a list of failures only now, comes into it now. */
  change(rows) {
    let joining = 0;
    for (const row of rows) {
      const held = this.#held.findIndex((one) => one.id === row.id);
      if (held >= 0) this.#held[held] = row;
      else if (!this.rows.update(row) && belongsNow(this.#filter, row)) joining += 1;
    }
    this.waiting += joining;
    if (joining && !this.isFrozen) this.admit();
    this.#tell();
  }

  /** Says which places are seen: those that are missing are fetched, others forgotten in time. */
  see(first, last) {
    this.#range = [first, last];
    for (const index of [first, last]) if (this.at(index)) this.rows.touch(this.#top - index);
    const missing = new Set();
    for (let index = first; index <= last && index < this.length; index += 1) {
      const ordinal = this.#top - index;
      if (this.rows.at(ordinal) === undefined) missing.add(Math.floor(ordinal / PAGE));
    }
    this.#fetches.want([...missing]);
    if (!this.isCounted && last >= this.length - PAGE / 2) this.#grow();
  }

  #fetched(error) {
    this.error = error;
    // The history was replaced by another one.
    if (error?.status === 410) this.reload();
    else this.see(...this.#range);
    this.#trim();
    this.#tell();
  }

  async #fetch(page) {
    const generation = this.#generation;
    if (!this.isCounted) return this.#fetchAgain(page, generation);
    const highest = Math.min(this.#top, page * PAGE + PAGE - 1);
    const lowest = Math.max(this.#bottom, page * PAGE);
    const expected = this.#top - this.#bottom + 1;
    const query = { filter: this.#filter, fold: true, upto: this.#upto, offset: this.#top - highest, limit: highest - lowest + 1 };
    const answer = await get('events', { query });
    if (generation !== this.#generation) return undefined;
    if (answer.total > expected) return this.reload();
    // Fewer: the oldest went, by the limits of the history. Places are counted from the newest, so they hold.
    this.#bottom = this.#top - answer.total + 1;
    this.length = answer.total;
    answer.events.forEach((row, index) => this.rows.put(highest - index, row));
    return undefined;
  }

  /** Fetches rows again that were found by a search once. */
  async #fetchAgain(page, generation) {
    const [low, high] = [page * PAGE, page * PAGE + PAGE - 1];
    for (const chunk of this.#chunks) {
      if (chunk.top < low || chunk.top - chunk.count + 1 > high) continue;
      let [cursor, ordinal] = [chunk.cursor, chunk.top];
      while (cursor !== null && ordinal > chunk.top - chunk.count) {
        const { events, next } = await get('events', { query: { filter: this.#filter, fold: true, cursor, limit: PAGE } });
        if (generation !== this.#generation) return;
        const isFolded = (row) => (this.rows.ofDelivery(row) ?? row.id) !== row.id;
        for (const row of events) {
          if (isFolded(row) || ordinal <= chunk.top - chunk.count) continue;
          this.rows.put(ordinal, row);
          ordinal -= 1;
        }
        cursor = next;
      }
    }
  }

  /** Searches on, until a page more is found or everything was looked at. */
  async #grow() {
    if (this.searching !== null || this.#next === null) return;
    const load = this.#loads;
    this.searching = this.scannedTo ?? '';
    try {
      const wanted = this.length + PAGE / 2;
      while (this.#next !== null && this.length < wanted) {
        const cursor = this.#next;
        const answer = await get('events', { query: { filter: this.#filter, fold: true, cursor, limit: PAGE } });
        if (load !== this.#loads) return;
        this.#append(cursor, answer);
      }
    } catch (error) {
      if (load === this.#loads) this.error = error;
    } finally {
      if (load === this.#loads) {
        this.searching = null;
        this.#tell();
      }
    }
  }

  #append(cursor, { events, next, scanned_to: scannedTo }) {
    if (events.length) this.#chunks.push({ cursor, top: this.#bottom - 1, count: events.length });
    events.forEach((row, index) => this.rows.put(this.#bottom - 1 - index, row));
    this.#bottom -= events.length;
    this.length += events.length;
    this.#next = next;
    this.scannedTo = next === null ? null : scannedTo;
    this.searching = this.scannedTo ?? '';
    this.#trim();
    this.#tell();
  }

  #trim() {
    const [first, last] = this.#range;
    const page = (index) => Math.floor((this.#top - index) / PAGE);
    const kept = this.rows.ordinalOf(this.#keptId);
    const keptPage = kept === undefined ? null : Math.floor(kept / PAGE);
    // What a search has found in front of its first page can only be had by searching again.
    const isFound = (one) => !this.isCounted && one >= 0;
    this.rows.trim((one) => (one <= page(first) && one >= page(last)) || one === keptPage || isFound(one));
  }

  #tell() {
    for (const listener of this.#listeners) listener();
  }
}
