/** Long texts as numbered lines, coloured, in blocks that the browser lays out only when they are seen. */

import { html, useLayoutEffect, useRef } from '../vendor/preact-htm.js';
import { coloured, START } from './colour.js';
import { appendVisible } from './visible.js';

/** Lines of a block. */
const BLOCK_LINES = 100;
/** Fewer lines are laid out at once, seen or not. */
const MIN_LAZY_LINES = 300;
/** Characters of a line that are laid out at once; the rest of it follows in lines without a number. */
const MAX_LINE = 8 * 1024;

/**
 * `texts` only ever grows while `name` stays. `colour` is `json` or `plain`; `mark` is `{line, column}`, from 1, of a
 * character to point at.
 */
export function Lines({ texts, name, colour = 'plain', mark = null, label }) {
  const box = useRef(null);
  const state = useRef(null);
  useLayoutEffect(() => {
    const isSame = state.current?.name === name && state.current.mark === mark && state.current.done <= texts.length;
    if (!isSame) {
      box.current.replaceChildren();
      state.current = { name, mark, done: 0, number: 1, length: 0, isOpen: false, colour: START };
    }
    for (; state.current.done < texts.length; state.current.done += 1) {
      box.current.append(...blocks(texts[state.current.done], state.current, colour, mark));
    }
  });
  return html`<div class=${`lines ${colour}`} role="group" tabindex="0" aria-label=${label} ref=${box}></div>`;
}

function blocks(text, state, colour, mark) {
  const made = [];
  const lines = text.split('\n');
  for (let from = 0; from < lines.length; from += BLOCK_LINES) {
    const block = document.createElement('div');
    block.className = lines.length < MIN_LAZY_LINES ? 'block' : 'block lazy';
    block.style.counterReset = `line ${state.number - 1}`;
    const some = lines.slice(from, from + BLOCK_LINES);
    some.forEach((line, position) => {
      const isLast = from + position === lines.length - 1;
      // What follows the last line break of a piece goes on in the next piece.
      if (isLast && line === '') {
        state.isOpen = false;
        return;
      }
      block.append(...lineElements(line, state, colour, mark));
      state.isOpen = isLast;
      if (!isLast) {
        state.number += 1;
        state.length = 0;
      }
    });
    block.style.containIntrinsicSize = `auto ${Math.max(1, block.childNodes.length) * 1.5}em`;
    if (block.childNodes.length > 0) made.push(block);
  }
  return made;
}

function lineElements(line, state, colour, mark) {
  const made = [];
  let from = 0;
  do {
    let to = Math.min(line.length, from + MAX_LINE);
    // A pair of surrogates is one character.
    if (to < line.length && /[\ud800-\udbff]/.test(line[to - 1])) to += 1;
    const element = document.createElement('div');
    element.className = state.length > 0 || from > 0 || state.isOpen ? 'line continued' : 'line';
    const part = line.slice(from, to);
    const markAt = mark?.line === state.number ? columnOffset(line, mark.column, state.length) : -1;
    fill(element, part, state, colour, markAt >= from && markAt <= to ? markAt - from : -1);
    made.push(element);
    state.isOpen = false;
    from = to;
  } while (from < line.length);
  state.length += line.length;
  return made;
}

/** The offset in a line of the character at a column; columns count characters, offsets UTF-16 units. */
function columnOffset(line, column, before) {
  if (before > 0) return -1;
  let offset = 0;
  let left = column - 1;
  for (const character of line) {
    if (left === 0) break;
    left -= 1;
    offset += character.length;
  }
  return offset;
}

function fill(element, text, state, colour, markAt) {
  if (markAt >= 0) {
    const end = markAt + ([...text.slice(markAt, markAt + 2)][0]?.length ?? 0);
    appendVisible(element, text.slice(0, markAt));
    const here = document.createElement('mark');
    here.className = 'error-place';
    appendVisible(here, text.slice(markAt, end) || '␄');
    element.append(here);
    appendVisible(element, text.slice(end));
    return;
  }
  if (colour !== 'json') {
    appendVisible(element, text);
    return;
  }
  const { runs, state: after } = coloured(text, state.colour);
  state.colour = after;
  for (const run of runs) {
    if (run.kind === 'plain') {
      appendVisible(element, run.text);
      continue;
    }
    const span = document.createElement('span');
    span.className = `json-${run.kind}`;
    appendVisible(span, run.text);
    element.append(span);
  }
}
