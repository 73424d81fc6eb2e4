import assert from 'node:assert/strict';
import { test } from 'node:test';

import { causes, explaining, refusal, unchecked } from '../../../src/inspector/page/detail/refusal.js';
import { scale } from '../../../src/inspector/page/detail/scale.js';
import { duration, since } from '../../../src/inspector/page/detail/times.js';

const HEADERS = [['host', 'x'], ['Stripe-Signature', 't=1,v1=ab']];
const MISMATCH = 'digest mismatch: the HMAC-SHA-256 signature in header `stripe-signature` is not the one computed from this body and secret';

test('a mismatch names the check, what was expected in words and what came to the letter', () => {
  const facts = refusal({ status: 'invalid', scheme: 'v1', reason: MISMATCH }, HEADERS);
  assert.equal(facts.check, 'signature (v1)');
  assert.equal(facts.expected, 'the HMAC-SHA-256 signature of exactly these bytes, made with your secret');
  assert.equal(facts.received, 't=1,v1=ab');
});

test('a masked header is not said to be its mask', () => {
  const facts = refusal({ scheme: null, reason: MISMATCH }, [['stripe-signature', '***']], [[0, 'masked']]);
  assert.equal(facts.isMasked, true);
  assert.equal(facts.received, null);
});

test('an old timestamp is told in ages', () => {
  const reason = 'timestamp too old by 86100 s (age 86400 s, tolerance 300 s); the signature itself matches';
  const facts = refusal({ scheme: 'v1', reason }, HEADERS);
  assert.equal(facts.check, 'age of the signature (v1)');
  assert.equal(facts.expected, 'signed at most 5 min before it arrived');
  assert.equal(facts.received, 'signed 24 h before it arrived');
});

test('a missing signature is missing, and a reason of tomorrow is no error', () => {
  assert.equal(refusal({ reason: 'missing signature: the request has no header `x-sig`' }, HEADERS).isMissing, true);
  assert.equal(refusal({ reason: 'something new' }, HEADERS).expected, null);
  assert.equal(refusal({ reason: null, scheme: null }, HEADERS).check, 'signature');
});

test('causes are ranked, one of each kind, and the hint is said once', () => {
  const cause = (id, cure) => ({ id, what: `${id} happened`, then: null, cure });
  const explanation = { change: { id: 'body.a', what: 'body.a happened', then: null }, cure: 'undo it', alternatives: [cause('body.b', 'x'), cause('json.c', 'y')], seen: ['seen'] };
  const { ranked, rest } = causes({ hint: 'body.a happened: undo it', explanation });
  assert.deepEqual(ranked.map(({ what }) => what), ['body.a happened', 'json.c happened', 'seen']);
  assert.deepEqual(rest.map(({ id }) => id), ['body.b']);
  assert.deepEqual(causes({ hint: 'alone' }).ranked.map(({ what }) => what), ['alone']);
  assert.deepEqual(causes({ hint: null }).ranked, []);
});

test('a signature that nothing explains has causes and cures all the same', () => {
  const explanation = { change: null, cure: null, alternatives: [], seen: ['the event is of test mode'] };
  const { ranked } = causes({ reason: MISMATCH, hint: null, explanation });
  assert.deepEqual(ranked.map(({ id }) => id), ['the event is of test mode', 'secret', 'body']);
  assert.ok(ranked.slice(1).every(({ cure }) => cure), 'each with its cure');
  const change = { id: 'body.crlf', what: 'line ends', then: null };
  assert.deepEqual(causes({ reason: MISMATCH, hint: null, explanation: { ...explanation, seen: [], change, cure: 'x' } }).ranked.map(({ id }) => id), ['body.crlf']);
});

test('a missing signature has a cause besides what to do', () => {
  const reason = 'missing signature: the request has no header `x-sig`';
  const [{ what, cure }] = causes({ reason, hint: 'set a secret', explanation: { alternatives: [], seen: [] } }).ranked;
  assert.match(what, /signs nothing/);
  assert.equal(cure, 'set a secret');
});

test('the command that shows what is compared names the secret where that is a variable', () => {
  assert.equal(explaining('1', ['env:HOOK_SECRET']), 'hookctl verify 1 --explain --secret-env HOOK_SECRET');
  assert.equal(explaining('1', ['the secret of stripe']), 'hookctl verify 1 --explain');
  assert.equal(explaining('1', ['env:A; rm -rf']), 'hookctl verify 1 --explain');
});

test('a signature of one of several providers is missing', () => {
  const facts = refusal({ scheme: null, reason: 'missing signature: the request has no signature of stripe or github' }, []);
  assert.equal(facts.expected, 'a signature of stripe or github');
});

test('an unchecked event says how to give a secret, and not where nothing is signed', () => {
  const command = (reason) => unchecked({ reason }, 'stripe').command;
  assert.equal(command('no secret is configured for stripe'), 'hookctl listen --provider stripe --secret-env NAME');
  assert.equal(command('stripe does not sign its requests'), null);
});

test('long silences are cut on the line, and what happened keeps its order', () => {
  const spans = [{ from: 0, to: 0 }, { from: 2, to: 2 }, { from: 3, to: 60 }, { from: 7_200_000, to: 7_200_010 }];
  const { at, cuts } = scale(spans);
  assert.equal(cuts.length, 1);
  assert.ok(at(60) - at(3) > 0.5, 'the first attempt is seen');
  assert.ok(at(0) < at(2) && at(2) < at(3) && at(60) < at(7_200_000) && at(7_200_010) <= 1);
  assert.deepEqual(scale([{ from: 0, to: 0 }]).cuts, []);
  assert.equal(scale([{ from: 0, to: 0 }]).at(0), 0);
});

test('durations and ages have one unit', () => {
  assert.deepEqual([0.421, 12.34, 412.6, 3240, 7_200_000, 259_200_000].map(duration), ['0.42 ms', '12.3 ms', '413 ms', '3.2 s', '2 h', '3 d']);
  assert.equal(since('2026-01-01T00:00:00.000000Z', Date.parse('2026-01-01T00:03:10Z')), '3 min ago');
});
