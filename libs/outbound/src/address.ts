import { networkInterfaces } from 'node:os';
import ipaddr from 'ipaddr.js';

export type Address = ReturnType<typeof ipaddr.parse>;

/** Global unicast (RFC 4291, section 2.4, as IANA has assigned it): outside of it nothing is reached by the internet. */
const GLOBAL_UNICAST = ipaddr.IPv6.parseCIDR('2000::/3');
/** NAT64 (RFC 6052): its last four bytes are the IPv4 address to which a gateway translates. */
const NAT64 = ipaddr.IPv6.parseCIDR('64:ff9b::/96');
/** A public address by which machines of Azure reach what hosts them, secrets of the machine included. */
const AZURE_HOST = '168.63.129.16';

/** An address, IPv4 where it came mapped into IPv6 (RFC 4291, section 2.5.5.2): there the system connects by IPv4. */
export const addressOf = (text: string): Address => ipaddr.process(text);

/**
 * Whether an address is anybody's on the internet: neither special by IANA's registries (RFC 6890), nor one of this
 * machine's own, nor an IPv6 address that only carries an IPv4 address, but for NAT64 of one that is public.
 *
 * @param own addresses of this machine; its firewall may let it reach there what it keeps from others
 */
export function isPublic(address: Address, own: readonly string[] = ownAddresses()): boolean {
  if (address instanceof ipaddr.IPv6) {
    if (address.match(NAT64)) return isPublic(ipaddr.fromByteArray(address.toByteArray().slice(12)), own);
    if (!address.match(GLOBAL_UNICAST)) return false;
  }
  const text = address.toString();
  return address.range() === 'unicast' && text !== AZURE_HOST && !own.includes(text);
}

function ownAddresses(): string[] {
  return Object.values(networkInterfaces())
    .flatMap(addresses => addresses ?? [])
    .map(({ address }) => addressOf(address.split('%')[0]!).toString());
}
