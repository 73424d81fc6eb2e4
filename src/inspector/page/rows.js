/**
 * The rows that are in memory, of a history that may be far larger.
 *
 * A row stands at an ordinal that counts from the oldest (or, where that is not known, from the first that was
 * loaded), so that what arrives in front moves nothing.
 */

/** Rows are fetched, and forgotten, in pages of this many. */
export const PAGE = 100;
/** Rows kept in memory; the least recently seen pages beyond go. A row takes about 1 KB. */
const KEPT_PAGES = 40;

/** One delivery of a provider, however often it was retried. */
export const deliveryKey = (row) => (row.delivery_id ? `${row.provider} ${row.delivery_id}` : null);

/** A sparse list of rows by ordinal. */
export class Rows {
  #byOrdinal = new Map();
  #ordinals = new Map();
  #byDelivery = new Map();
  #seen = new Map();
  #tick = 0;

  /** The row at an ordinal, if it is in memory. */
  at(ordinal) {
    return this.#byOrdinal.get(ordinal);
  }

  /** Where the row of an event stands, or undefined. */
  ordinalOf(id) {
    return this.#ordinals.get(id);
  }

  /** The id of the row in memory that has the same delivery id. */
  ofDelivery(row) {
    return this.#byDelivery.get(deliveryKey(row));
  }

  /** Puts a row at an ordinal. */
  put(ordinal, row) {
    const before = this.#byOrdinal.get(ordinal);
    if (before && before.id !== row.id) this.#forget(before);
    this.#byOrdinal.set(ordinal, row);
    this.#ordinals.set(row.id, ordinal);
    if (deliveryKey(row)) this.#byDelivery.set(deliveryKey(row), row.id);
    this.touch(ordinal);
  }

  /** Marks the page of an ordinal as looked at. */
  touch(ordinal) {
    const page = Math.floor(ordinal / PAGE);
    this.#tick += 1;
    this.#seen.delete(page);
    this.#seen.set(page, this.#tick);
  }

  /** Replaces the row of an event that is in memory; false if none is. */
  update(row) {
    const ordinal = this.#ordinals.get(row.id);
    if (ordinal === undefined) return false;
    this.#byOrdinal.set(ordinal, row);
    return true;
  }

  /** Takes a row out; all that are newer, up to `top`, move one down. */
  remove(ordinal, top) {
    const row = this.#byOrdinal.get(ordinal);
    if (row) this.#forget(row);
    this.#byOrdinal.delete(ordinal);
    if (top - ordinal > this.size) return this.#shift(ordinal + 1);
    for (let at = ordinal + 1; at <= top; at += 1) {
      const moved = this.#byOrdinal.get(at);
      if (!moved) continue;
      this.#byOrdinal.delete(at);
      this.put(at - 1, moved);
    }
    return undefined;
  }

  /** Keeps only the rows from `ordinal` on, one lower each: an older row, not in memory, went. */
  keepFrom(ordinal) {
    for (const [at, row] of [...this.#byOrdinal]) {
      if (at >= ordinal) continue;
      this.#forget(row);
      this.#byOrdinal.delete(at);
    }
    this.#shift(ordinal);
  }

  /** Moves all rows from `ordinal` on one down. */
  #shift(ordinal) {
    const rows = [...this.#byOrdinal];
    this.clear();
    for (const [at, row] of rows) this.put(at >= ordinal ? at - 1 : at, row);
  }

  /** Forgets pages that were not looked at for long, but never those for which `isNeeded(page)`. */
  trim(isNeeded) {
    for (const page of this.#seen.keys()) {
      if (this.#seen.size <= KEPT_PAGES) return;
      if (!isNeeded(page)) this.#drop(page);
    }
  }

  /** Forgets everything. */
  clear() {
    for (const map of [this.#byOrdinal, this.#ordinals, this.#byDelivery, this.#seen]) map.clear();
  }

  /** How many rows are in memory. */
  get size() {
    return this.#byOrdinal.size;
  }

  #drop(page) {
    for (let ordinal = page * PAGE; ordinal < (page + 1) * PAGE; ordinal += 1) {
      const row = this.#byOrdinal.get(ordinal);
      if (row) this.#forget(row);
      this.#byOrdinal.delete(ordinal);
    }
    this.#seen.delete(page);
  }

  #forget(row) {
    this.#ordinals.delete(row.id);
    if (this.#byDelivery.get(deliveryKey(row)) === row.id) this.#byDelivery.delete(deliveryKey(row));
  }
}
