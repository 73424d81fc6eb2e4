import assert from 'node:assert/strict';
import { test } from 'node:test';

let isDialogOpen = false;
const body = { closest: () => null };
globalThis.document = { body, querySelector: () => (isDialogOpen ? {} : null) };

const { ACTIONS, actionOf, keyed } = await import('../../../src/inspector/page/keys.js');

/** An element that lies in what these selectors name. */
const inside = (...names) => ({ closest: (selector) => (selector.split(', ').some((one) => names.includes(one)) ? {} : null) });
const press = (key, more = {}) => actionOf({ key, target: body, ...more })?.name ?? null;

test('every key runs one action, and every action has a key and says what it does', () => {
  const keys = ACTIONS.flatMap(({ key, also = [] }) => [key, ...also]);
  assert.equal(new Set(keys).size, keys.length);
  assert.equal(new Set(ACTIONS.map(({ name }) => name)).size, ACTIONS.length);
  for (const { name, key, title, needs } of ACTIONS) {
    assert.equal(press(key), name);
    assert.ok(title && (needs === null || needs === 'event'), name);
  }
  assert.equal(press('Q'), null);
});

test('no key runs anything while somebody writes or chooses', () => {
  for (const field of ['input', 'textarea', 'select', '[contenteditable="true"]', 'dialog']) {
    for (const { key } of ACTIONS) assert.equal(press(key, { target: inside(field) }), null, `${key} in ${field}`);
  }
  isDialogOpen = true;
  assert.equal(press('r'), null);
  isDialogOpen = false;
});

test('a key with another one beside it, or that was used already, is somebody else’s', () => {
  for (const more of ['ctrlKey', 'altKey', 'metaKey', 'isComposing', 'defaultPrevented']) assert.equal(press('r', { [more]: true }), null, more);
  assert.equal(press('G', { shiftKey: true }), 'last');
});

test('Enter, the arrows, Home and End are the list’s only where nothing else uses them', () => {
  for (const [key, name] of [['Enter', 'open'], ['ArrowDown', 'next'], ['ArrowUp', 'previous'], ['Home', 'first'], ['End', 'last']]) {
    assert.equal(press(key), name);
    assert.equal(press(key, { target: inside('[role="listbox"]') }), name);
    assert.equal(press(key, { target: inside('button') }), null, key);
  }
  assert.equal(press('j', { target: inside('button') }), 'next');
});

test('a button tells its key to the eye and to the ear', () => {
  assert.deepEqual(keyed('replay'), { title: 'Replay (r)', 'aria-keyshortcuts': 'r' });
  assert.deepEqual(keyed('last'), { title: 'Oldest event (G)', 'aria-keyshortcuts': 'Shift+G' });
  assert.equal(keyed('close').title, 'Close the event (Esc)');
});
