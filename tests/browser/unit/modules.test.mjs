import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const PAGE = fileURLToPath(new URL('../../../src/inspector/page/', import.meta.url));
const INDEX = readFileSync(join(PAGE, 'index.html'), 'utf8');
const IMPORT = /^\s*(?:import|export)\s(?:[^'"`;]*?\sfrom\s*)?(['"])([^'"]+)\1/gm;
const DYNAMIC = /\bimport\s*\(/;

/** Every module that `name` imports, itself included, by its path below the page. */
function reached(name, found = new Set()) {
  if (found.has(name)) return found;
  found.add(name);
  for (const [, , from] of readFileSync(join(PAGE, name), 'utf8').matchAll(IMPORT)) {
    assert.match(from, /^\.\.?\//, `${name} imports ${from}`);
    reached(relative(PAGE, join(PAGE, dirname(name), from)), found);
  }
  return found;
}

const all = readdirSync(PAGE, { recursive: true }).map((name) => String(name)).filter((name) => name.endsWith('.js'));
const named = (pattern) => Array.from(INDEX.matchAll(pattern), ([, path]) => path);

test('the page asks at once for just the modules that it imports', () => {
  const imported = reached('main.js');
  imported.delete('main.js');
  const preloaded = named(/<link rel="modulepreload" href="\/([^"]+)">/g);
  assert.deepEqual([...preloaded].sort(), [...imported].sort());
  assert.equal(new Set(preloaded).size, preloaded.length);
});

test('no module is loaded that is not asked for, and none lies there for nothing', () => {
  for (const name of all) assert.doesNotMatch(readFileSync(join(PAGE, name), 'utf8').replace(/\/\*[\s\S]*?\*\//g, ''), DYNAMIC, name);
  assert.deepEqual(all.filter((name) => !reached('main.js').has(name)), ['early.js']);
});

test('whatever the page names is a file of its own', () => {
  const paths = named(/(?:href|src)="([^"]+)"/g);
  assert.ok(paths.length > 10);
  for (const path of paths) assert.ok(path.startsWith('/') && existsSync(join(PAGE, path)), path);
});

test('only one module names the vendored libraries', () => {
  for (const name of all.filter((one) => !one.startsWith('vendor/'))) {
    for (const [, , from] of readFileSync(join(PAGE, name), 'utf8').matchAll(IMPORT)) {
      assert.ok(!from.includes('vendor/') || from.endsWith('vendor/preact-htm.js'), `${name} imports ${from}`);
    }
  }
});

test('no module makes markup of texts or runs them', () => {
  const DANGEROUS = /\binnerHTML\b|\bouterHTML\b|insertAdjacentHTML|document\.write|dangerouslySetInnerHTML|\beval\(|new Function\b|\bsrcdoc\b|createContextualFragment|setHTMLUnsafe/;
  for (const name of all.filter((one) => !one.startsWith('vendor/'))) assert.doesNotMatch(readFileSync(join(PAGE, name), 'utf8'), DANGEROUS, name);
});
