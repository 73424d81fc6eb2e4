/** The live stream of events: server-sent events read with fetch, since EventSource cannot send the token. */

import { request } from './api.js';

/** hookctl pings every 5 s; after this long without a byte the connection is dead, whatever TCP says. */
const SILENCE_MS = 40_000;
const FIRST_WAIT_MS = 250;
/** Never wait longer than this for the next try: a page that is back late is as bad as one that is gone. */
const LONGEST_WAIT_MS = 5_000;
/** One message holds at most some hundred rows; more than this is not hookctl. */
const LONGEST_MESSAGE = 32 * 1024 * 1024;

/** Splits a text/event-stream into messages `{event, id, data}`, whatever the chunks are. */
export class Parser {
  /** The line that is not ended yet, in pieces: to join them each time would cost the square of its length. */
  #pieces = [];
  #pending = 0;
  #held = 0;
  #hasReturned = false;
  #event = '';
  #data = [];
  #id = null;

  /** Takes a piece of text; gives the messages that it completes. */
  push(text) {
    const messages = [];
    // A line feed behind a carriage return ends no other line.
    const fresh = this.#hasReturned && text.startsWith('\n') ? text.slice(1) : text;
    if (text) this.#hasReturned = text.endsWith('\r');
    const lines = fresh.split(/\r\n|\r|\n/);
    const rest = lines.pop();
    for (const line of lines) this.#end(line, messages);
    if (rest) this.#pieces.push(rest);
    this.#pending += rest.length;
    if (this.#pending + this.#held > LONGEST_MESSAGE) throw new Error('a message without an end');
    return messages;
  }

  #end(line, messages) {
    const whole = this.#pieces.join('') + line;
    this.#pieces = [];
    this.#pending = 0;
    this.#held += whole.length;
    this.#line(whole, messages);
  }

  #line(line, messages) {
    if (line === '') return this.#dispatch(messages);
    const colon = line.indexOf(':');
    if (colon === 0) return undefined;
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (name === 'event') this.#event = value;
    else if (name === 'data') this.#data.push(value);
    else if (name === 'id' && !value.includes('\0')) this.#id = value;
    return undefined;
  }

  #dispatch(messages) {
    if (this.#data.length) messages.push({ event: this.#event || 'message', id: this.#id, data: this.#data.join('\n') });
    this.#event = '';
    this.#data = [];
    this.#id = null;
    this.#held = 0;
  }
}

/** How long to wait before a try: doubling, bounded, and spread so that many pages do not come at once. */
export function waitBefore(attempt, random = Math.random) {
  const wait = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** attempt);
  return wait / 2 + (random() * wait) / 2;
}

/** Whether hookctl will say the same however often it is asked. */
export const isFinal = ({ status }) => status >= 400 && status < 500 && status !== 408 && status !== 429;

/**
 * A stream that comes back by itself.
 * `onMessage(event, data, id)` gets each message, `onState('connecting' | 'live' | 'reconnecting' | 'refused', error)`.
 */
export class Stream {
  #abort = new AbortController();
  #wake = null;

  constructor({ query, lastId, onMessage, onState }) {
    this.query = query;
    this.lastId = lastId;
    this.onMessage = onMessage;
    this.onState = onState;
  }

  /** Connects, and goes on until `close`. */
  async run() {
    this.onState('connecting');
    for (let attempt = 0; !this.#abort.signal.aborted; attempt += 1) {
      let failure = null;
      try {
        await this.#connection(() => { attempt = -1; });
      } catch (error) {
        if (this.#abort.signal.aborted) return;
        if (isFinal(error)) return this.onState('refused', error);
        failure = error;
      }
      if (this.#abort.signal.aborted) return undefined;
      this.onState('reconnecting', failure);
      await this.#pause(waitBefore(Math.max(0, attempt)));
    }
    return undefined;
  }

  /** Ends the stream for good. */
  close() {
    this.#abort.abort();
    this.#wake?.();
  }

  /** Tries at once instead of waiting on: the page is looked at again, or the network is back. */
  hurry() {
    this.#wake?.();
  }

  async #pause(ms) {
    await new Promise((done) => {
      this.#wake = done;
      setTimeout(done, ms);
    });
    this.#wake = null;
  }

  async #connection(onAlive) {
    const connection = new AbortController();
    const stop = () => connection.abort();
    this.#abort.signal.addEventListener('abort', stop);
    let watchdog = setTimeout(stop, SILENCE_MS);
    try {
      const headers = { accept: 'text/event-stream', ...(this.lastId ? { 'last-event-id': this.lastId } : {}) };
      const answer = await request('/api/stream', { query: this.query, headers, signal: connection.signal });
      const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
      const parser = new Parser();
      for (;;) {
        const { value, done } = await reader.read();
        if (done) return;
        clearTimeout(watchdog);
        watchdog = setTimeout(stop, SILENCE_MS);
        onAlive();
        for (const message of parser.push(value)) this.#take(message);
      }
    } finally {
      clearTimeout(watchdog);
      this.#abort.signal.removeEventListener('abort', stop);
      connection.abort();
    }
  }

  #take({ event, id, data }) {
    let value;
    try {
      value = JSON.parse(data);
    } catch {
      return;
    }
    if (event === 'hello') this.onState('live');
    this.onMessage(event, value, id);
    if (id) this.lastId = id;
  }
}
