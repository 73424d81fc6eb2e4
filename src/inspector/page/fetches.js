/** Which pages are on their way: few at once, and what could not be had not at once again. */

/** Fetches at once: more would only queue behind each other in the server. */
const AT_ONCE = 2;
/** A page that could not be had, or not whole, is asked for again after this long. */
const AGAIN_MS = 1000;

/** Fetches pages by their numbers. `fetch(page)` resolves when it is done, `onDone(page, error)` is told then. */
export class Fetches {
  #running = new Set();
  #tried = new Map();
  #begun = 0;

  constructor(fetch, onDone) {
    this.fetch = fetch;
    this.onDone = onDone;
  }

  /** Fetches these pages as far as may be at once; who wants the others still asks again when one is done. */
  want(pages) {
    for (const page of pages) {
      if (this.#running.size >= AT_ONCE) return;
      if (this.#running.has(page) || Date.now() - (this.#tried.get(page) ?? 0) < AGAIN_MS) continue;
      this.#run(page, this.#begun);
    }
  }

  /** Forgets everything: what is on its way is of another list. */
  begin() {
    this.#begun += 1;
    this.#running.clear();
    this.#tried.clear();
  }

  async #run(page, begun) {
    this.#running.add(page);
    let problem = null;
    try {
      await this.fetch(page);
    } catch (error) {
      problem = error;
    }
    if (begun !== this.#begun) return;
    this.#running.delete(page);
    this.#tried.set(page, Date.now());
    this.onDone(page, problem);
  }
}
