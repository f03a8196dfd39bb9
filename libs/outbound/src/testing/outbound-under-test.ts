import { afterAll, expect } from 'vitest';
import { parseAllowedTargets } from '../allowed-targets.ts';
import type { OutboundReason } from '../failure.ts';
import { OutboundFailure } from '../failure.ts';
import { type Outbound, outbound } from '../outbound.ts';

/** A fetcher for the tests of a file, as an operator would have set it up. */
export function outboundUnderTest(settings: {
  allow?: string;
  nameServer?: string;
  onRefusal?(refusal: { host: string; address: string }): void;
}): Outbound {
  const fetcher = outbound({
    allowed: parseAllowedTargets(settings.allow ?? ''),
    nameServers: settings.nameServer === undefined ? undefined : [settings.nameServer],
    onRefusal: settings.onRefusal,
  });
  afterAll(() => fetcher.close());
  return fetcher;
}

/** Waits for the failure, and holds against it that it says nothing that nobody may know. */
export async function failureOf(work: Promise<unknown>): Promise<OutboundFailure> {
  const failure = await work.then(
    () => expect.fail('It did not fail'),
    cause => cause,
  );
  expect(failure).toBeInstanceOf(OutboundFailure);
  expect(failure.cause).toBeUndefined();
  expect(`${failure.message} ${failure.code}`).not.toMatch(/127\.0|::1|secret/i);
  return failure;
}

export async function expectReason(work: Promise<unknown>, reason: OutboundReason): Promise<void> {
  expect((await failureOf(work)).reason).toBe(reason);
}
