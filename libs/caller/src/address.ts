import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';

type Address = ReturnType<typeof ipaddr.parse>;

/** What several spellings of nothing are counted under: together, so that inventing one gains nobody anything. */
const UNKNOWN = 'unknown';

/**
 * The one spelling of an address: RFC 5952 without a zone, and an IPv4 address that came mapped into IPv6
 * (RFC 4291, section 2.5.5.2) as IPv4. Null for what is no address.
 */
export function canonicalAddress(ip: string): string | null {
  const version = isIP(ip);
  if (version === 4) return ip;
  return version === 6 ? String(parsed(ip)) : null;
}

/**
 * The one spelling of a network in CIDR notation (RFC 4632, section 3.1; RFC 4291, section 2.3); an address stands for
 * itself alone, and IPv4 that came mapped into IPv6 is IPv4. Null for what is none, has bits beyond its prefix, or could be
 * read in several ways.
 */
export function canonicalNetwork(text: string): string | null {
  const [address = '', length, more] = text.split('/');
  const version = isIP(address);
  if (version === 0 || address.includes('%') || more !== undefined) return null;
  if (length !== undefined && !/^(?:0|[1-9]\d{0,2})$/.test(length)) return null;
  const bits = version === 4 ? 32 : 128;
  const given = length === undefined ? bits : Number(length);
  const network = parsed(address);
  const prefix = version === 6 && network.kind() === 'ipv4' ? given - 96 : given;
  if (given > bits || prefix < 0) return null;
  const ofKind = network.kind() === 'ipv4' ? ipaddr.IPv4 : ipaddr.IPv6;
  const canonical = `${network}/${prefix}`;
  return String(ofKind.networkAddressFromCIDR(canonical)) === String(network) ? canonical : null;
}

/**
 * Under which name a client is counted: its IPv4 address, or its IPv6 /64, which one household has whole. Addresses
 * that carry an IPv4 address count as that: mapped, NAT64 (RFC 6052) and 6to4 (RFC 3056), whose holder has 65,536
 * networks.
 */
export function countedAddress(ip: string): string {
  return counted(ip, 32, 64);
}

/** The network around a client: its IPv4 /24 or IPv6 /48, which is what one customer gets at most as a rule. */
export function countedNetwork(ip: string): string {
  return counted(ip, 24, 48);
}

/** Whether an address is one by which a machine reaches itself: 127.0.0.0/8 or ::1. */
export function isLoopback(ip: string): boolean {
  return isIP(ip) !== 0 && parsed(ip).range() === 'loopback';
}

/**
 * Whether a Host header (RFC 9110, section 7.2) calls this machine by a name of its own. Any other name that leads
 * here is somebody else's to choose: DNS rebinding.
 */
export function namesThisMachine(host: string | undefined): boolean {
  return host !== undefined && /^(?:localhost|127\.0\.0\.1|\[::1\])(?::\d{1,5})?$/i.test(host);
}

/** Why others than the people at this machine reach a server; null where they do not, as far as can be told. */
export function reachedByOthers(host: string, publicUrl: string): string | null {
  if (host !== 'localhost' && !isLoopback(host)) return `HOST is ${host}`;
  if (/^https:/i.test(publicUrl)) return 'PUBLIC_URL begins with https';
  return null;
}

function counted(ip: string, bits: number, bitsOfSix: number): string {
  const version = isIP(ip);
  if (version === 0) return UNKNOWN;
  if (version === 4 && bits === 32) return ip;
  const address = embedded(parsed(ip));
  const length = address.kind() === 'ipv4' ? bits : bitsOfSix;
  const bytes = address.toByteArray();
  // Only whole bytes are asked for.
  const network = String(ipaddr.fromByteArray(bytes.fill(0, length / 8)));
  return length === 32 ? network : `${network}/${length}`;
}

function parsed(ip: string): Address {
  return ipaddr.process(ip.split('%')[0] as string);
}

/** The IPv4 address that an IPv6 address was made from, where it was. */
function embedded(address: Address): Address {
  const range = address.range();
  const bytes = address.toByteArray();
  if (range === 'rfc6052') return ipaddr.fromByteArray(bytes.slice(12));
  if (range === '6to4') return ipaddr.fromByteArray(bytes.slice(2, 6));
  return address;
}
