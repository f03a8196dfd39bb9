import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { generateInternalKeys, sharedKey } from './credential-key.ts';
import { dpopNonces } from './dpop-nonce.ts';

const START = 1_700_000_100_000;
beforeEach(() => void vi.useFakeTimers({ now: START, toFake: ['Date'] }));
afterEach(() => void vi.useRealTimers());

const { INTERNAL_KEY, INTERNAL_JWKS } = generateInternalKeys(['gateway', 'identity', 'storage']);
const keyOf = (name: keyof typeof INTERNAL_KEY, other: string, purpose = 'DPoP nonce') =>
  sharedKey({ INTERNAL_KEY: INTERNAL_KEY[name], INTERNAL_JWKS }, other, purpose);

it('a nonce is taken for five minutes at least, and ten at most', () => {
  const nonces = dpopNonces(keyOf('gateway', 'identity'));
  const nonce = nonces.current();
  for (const [seconds, fresh] of [
    [0, true],
    [299, true],
    [301, true],
    [601, false],
  ] as const) {
    vi.setSystemTime(START + 1_000 * seconds);
    expect([seconds, nonces.isFresh(nonce)]).toEqual([seconds, fresh]);
  }
  expect(nonces.isFresh(nonces.current())).toBe(true);
});

it('gateway and identity take each other’s, and nobody else can make one', () => {
  const [gateway, identity] = [keyOf('gateway', 'identity'), keyOf('identity', 'gateway')].map(dpopNonces);
  expect(identity!.isFresh(gateway!.current())).toBe(true);
  expect(gateway!.isFresh(identity!.current())).toBe(true);
  for (const other of [
    keyOf('storage', 'gateway'),
    keyOf('storage', 'identity'),
    keyOf('gateway', 'identity', 'x'),
  ])
    expect(gateway!.isFresh(dpopNonces(other).current())).toBe(false);
  for (const wrong of [undefined, '', 'invented', `${gateway!.current()}0`, gateway!.current().slice(1)])
    expect(gateway!.isFresh(wrong)).toBe(false);
});

it('a key is shared with those alone that INTERNAL_JWKS names', () => {
  expect(() => keyOf('gateway', 'stranger')).toThrow('INTERNAL_JWKS names no stranger');
});
