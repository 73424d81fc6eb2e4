/** Keeps the list, the state of the listener and the connection up to date with one stream. */

import { announceArrivals, notify } from './announce.js';
import { isFinal, Stream, waitBefore } from './stream.js';
import { counted } from './words.js';

/** How long after coming back the missed events are counted, before the page says how many they were. */
const CATCH_UP_MS = 1200;
/** The list is loaded anew no more often than this, while events come too fast to be told one by one. */
const SKIP_MS = 1000;
/** It is said only after so long a time without. */
const QUIET_MS = 10_000;

/**
 * The live side of the page. `list` is the EventList, `store` holds `status`, `connection` and `filterError`;
 * `onArrived(rows)` and `onChanged(rows)` hear what the stream brings, `onBack()` that it came back, `onLoaded()` that
 * the list was loaded: changes that another filter hid are not told again.
 */
export class Live {
  #stream = null;
  /** The filter of the list that is shown, or that is on its way. */
  #wanted = '';
  #instance = null;
  #catchingUp = null;
  #starts = 0;
  #wasLost = false;
  #complaint = null;
  #missed = 0;
  #skip = null;
  #skippedAt = 0;

  constructor({ list, store, onArrived, onChanged, onBack, onLoaded }) {
    Object.assign(this, { list, store, onArrived, onChanged, onBack, onLoaded });
    list.reload = () => this.#again();
    document.addEventListener('visibilitychange', () => !document.hidden && this.#stream?.hurry());
    window.addEventListener('online', () => this.#stream?.hurry());
  }

  /** Loads the list for a filter and streams what follows. A filter that cannot be read leaves the old list. */
  async start(filter) {
    this.#starts += 1;
    this.#wanted = filter;
    const start = this.#starts;
    const isCurrent = () => start === this.#starts;
    for (let attempt = 0; isCurrent(); attempt += 1) {
      try {
        const before = this.#stream;
        before?.close();
        const newest = await this.list.load(filter);
        if (!isCurrent()) return;
        this.store.set({ filterError: null, shownFilter: filter });
        this.onLoaded();
        this.#open(filter, newest);
        return;
      } catch (error) {
        if (!isCurrent() || error.status === 401) return;
        if (isFinal(error)) {
          this.#wanted = this.store.value.shownFilter;
          this.store.set({ filterError: error });
          this.#goOn();
          return;
        }
        this.#lost(error);
        await new Promise((done) => { setTimeout(done, waitBefore(attempt)); });
      }
    }
  }

  /** Ends the stream. */
  stop() {
    this.#starts += 1;
    this.#stream?.close();
    this.#stream = null;
  }

  /** After a filter that cannot be read: the old list stays alive. */
  #goOn() {
    const before = this.#stream;
    if (before) this.#open(before.query.filter, before.lastId);
  }

  #open(filter, lastId) {
    const stream = new Stream({
      query: { filter },
      lastId,
      onMessage: (event, value, id) => this.#stream === stream && this.#take(event, value, id),
      onState: (state, error) => this.#stream === stream && this.#state(state, error),
    });
    this.#stream = stream;
    stream.run();
  }

  #lost(error) {
    const what = error?.status ? error.message : 'The connection to hookctl is lost';
    if (!this.#wasLost) this.#complaint = notify(`${what}; trying again`, 'error', error?.status ? error.hint : null);
    this.#wasLost = true;
    this.store.set({ connection: 'reconnecting' });
  }

  #state(state, error) {
    if (state === 'reconnecting') this.#lost(error);
    else if (state === 'refused') notify(error.message, 'error', error.hint);
    else if (state === 'live') this.store.set({ connection: 'live' });
  }

  #take(event, value, id) {
    if (event === 'hello') this.#hello(value);
    else if (event === 'status') this.store.set({ status: { ...this.store.value.status, ...value } });
    else if (event === 'events') this.#arrived(value.events, id);
    else if (event === 'changed') this.#changed(value.events);
    else if (event === 'skipped') this.#skipped(value.missed);
  }

  #hello({ instance, resumed, status }) {
    const isRestarted = this.#instance !== null && this.#instance !== instance;
    this.#instance = instance;
    this.store.set({ status });
    const wasLost = this.#wasLost;
    this.#wasLost = false;
    this.#complaint?.();
    this.#complaint = null;
    if (wasLost) this.onBack();
    if (resumed === false) {
      if (wasLost || isRestarted) notify(`hookctl ${isRestarted ? 'was restarted' : 'is back'}; the list was loaded anew`);
      this.start(this.store.value.shownFilter);
    } else if (wasLost || isRestarted) {
      this.#catchUp(isRestarted);
    }
  }

  #catchUp(isRestarted) {
    const catchingUp = { missed: 0 };
    this.#catchingUp = catchingUp;
    setTimeout(() => {
      if (this.#catchingUp !== catchingUp) return;
      this.#catchingUp = null;
      const what = isRestarted ? 'hookctl was restarted' : 'The connection is back';
      notify(`${what}; caught up: ${counted(catchingUp.missed, 'event')}`);
    }, CATCH_UP_MS);
  }

  #arrived(rows, id) {
    if (this.#catchingUp) this.#catchingUp.missed += rows.length;
    this.list.receive(rows, id);
    announceArrivals(rows);
    this.onArrived(rows);
  }

  #changed(rows) {
    this.list.change(rows);
    this.onChanged(rows);
  }

  /** The stream left something out. */
  #skipped(missed) {
    this.#missed += missed + (this.#catchingUp?.missed ?? 0);
    this.#catchingUp = null;
    this.#again();
  }

  /** Loads the list anew, but not again and again while events pour in. */
  #again() {
    if (this.#skip) return;
    const starts = this.#starts;
    const sinceLast = Date.now() - this.#skippedAt;
    this.#skip = setTimeout(() => {
      this.#skip = null;
      this.#skippedAt = Date.now();
      // Nothing was missed where events were only deleted.
      if (this.#missed && sinceLast > QUIET_MS) notify(`${counted(this.#missed, 'event')} came at once; the list was loaded anew`);
      this.#missed = 0;
      if (starts === this.#starts) this.start(this.#wanted);
    }, Math.max(0, SKIP_MS - sinceLast));
  }
}
