import { addressOf, isPublic } from './address.ts';
import { type AllowedTargets, isAllowed } from './allowed-targets.ts';
import { OutboundFailure } from './failure.ts';
import { resolve } from './resolve.ts';
import { hostOf } from './target.ts';

/** Where an operator lets fetches go, and how names are found. */
export interface Reach {
  allowed: AllowedTargets;
  /** Addresses, with or without port; default those of the system. */
  nameServers?: readonly string[] | undefined;
  /** Told of an address that was refused, for the operator alone. */
  onRefusal?(refusal: { host: string; address: string }): void;
}

/**
 * All addresses of the URL's host, each of which may be connected to. One that may not is enough to refuse: who answers
 * with both a public and a private one is in error or an attacker.
 */
export async function checkedAddresses(
  { allowed, nameServers, onRefusal }: Reach,
  url: URL,
  http: boolean | undefined,
  signal: AbortSignal,
): Promise<string[]> {
  const host = hostOf(url);
  const addresses = (await resolve(host, nameServers, signal)).map(addressOf);
  const plain = url.protocol === 'http:' && !http;
  for (const address of addresses) {
    if (isAllowed(allowed, host, address)) continue;
    if (!isPublic(address)) {
      onRefusal?.({ host, address: address.toString() });
      throw new OutboundFailure('address_not_allowed');
    }
    if (plain) throw new OutboundFailure('scheme_not_allowed');
  }
  return addresses.map(String);
}
