/** Bodies in pieces: fetched when they are looked at, and no more than is shown. */

import { useCallback, useEffect, useRef, useState } from '../vendor/preact-htm.js';
import { text as fetchText } from '../api.js';

/** Bytes of text that are shown at once. */
export const TEXT_STEP = 128 * 1024;
/** Bytes that are shown at once as hex. */
export const HEX_STEP = 24 * 1024;

const NOTHING = { pieces: [], total: null, loaded: 0, error: null, isBusy: true };

/**
 * The pieces of a body from the API, `{pieces, total, loaded, error, isBusy, more}`. `from` and `length` choose a
 * part of it; `query` its form. Nothing is fetched while `path` is null.
 */
export function usePieces(path, { query, step = TEXT_STEP, from = 0, length = null } = {}) {
  const [state, setState] = useState(NOTHING);
  const running = useRef(null);
  const form = query?.form ?? '';
  const fetchPiece = useCallback(
    async (at, before) => {
      const abort = new AbortController();
      running.current = abort;
      setState({ ...before, isBusy: true });
      try {
        const last = Math.min(at + step, length ?? Infinity) - 1;
        const answer = await fetchText(path, { range: [from + at, from + last], query, signal: abort.signal });
        const bytes = answer.bytes;
        const total = length ?? answer.total ?? at + bytes.length;
        setState({ pieces: [...before.pieces, bytes], total, loaded: at + bytes.length, error: null, isBusy: false });
      } catch (error) {
        if (!abort.signal.aborted) setState({ ...before, error, isBusy: false });
      }
    },
    [path, form, step, from, length],
  );
  useEffect(() => {
    if (path === null) return undefined;
    if (length === 0) {
      setState({ ...NOTHING, total: 0, isBusy: false });
      return undefined;
    }
    fetchPiece(0, NOTHING);
    return () => running.current?.abort();
  }, [fetchPiece]);
  return { ...state, more: () => fetchPiece(state.loaded, state) };
}

/** The pieces as text. A character that two pieces share stands in the second; bytes that are no UTF-8 as U+FFFD. */
export function decoded(pieces, isWhole) {
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  return pieces.map((piece, position) => decoder.decode(piece, { stream: !(isWhole && position === pieces.length - 1) }));
}
