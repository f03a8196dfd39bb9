import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';
import { type Address, addressOf } from './address.ts';

type Network = ReturnType<typeof ipaddr.parseCIDR>;

/** Whither an operator allows fetches that would be refused, and also without TLS. */
export interface AllowedTargets {
  networks: readonly Network[];
  /** Lower case, without a dot at the end: these names may have any address. */
  hosts: ReadonlySet<string>;
}

/**
 * Reads `OUTBOUND_ALLOW`, a comma list: `10.1.0.0/16, fd00::5, idp.corp.example`.
 *
 * @throws an Error that names the entry that is none
 */
export function parseAllowedTargets(text: string): AllowedTargets {
  const networks: Network[] = [];
  const hosts = new Set<string>();
  for (const entry of entriesOf(text)) {
    const network = networkOf(entry);
    if (network) networks.push(network);
    else if (isHost(entry)) hosts.add(withoutDot(entry.toLowerCase()));
    else throw new Error(`${entry} is neither an address, nor a network such as 10.0.0.0/8, nor a host`);
  }
  return { networks, hosts };
}

/** The parts of a comma list. */
export const entriesOf = (text: string): string[] =>
  text
    .split(',')
    .map(entry => entry.trim())
    .filter(entry => entry !== '');

export function isAllowed({ networks, hosts }: AllowedTargets, host: string, address: Address): boolean {
  if (hosts.has(withoutDot(host))) return true;
  return networks.some(([base, bits]) => base.kind() === address.kind() && address.match(base, bits));
}

function networkOf(entry: string): Network | null {
  const [base = '', bits, ...more] = entry.split('/');
  if (isIP(base) === 0 || base.includes('%') || more.length > 0) return null;
  if (bits === undefined) {
    const address = addressOf(base);
    return [address, address.toByteArray().length * 8];
  }
  return ipaddr.isValidCIDR(entry) ? ipaddr.parseCIDR(entry) : null;
}

/** Whether it is the host of a URL as it stands: what is a number in another notation is not. */
function isHost(entry: string): boolean {
  const url = URL.parse(`https://${entry}/`);
  return url !== null && url.hostname === entry.toLowerCase() && !entry.includes('*') && isIP(entry) === 0;
}

/** A name with the dot of the root at its end is the name without it (RFC 1034, section 3.1). */
const withoutDot = (host: string) => host.replace(/\.$/, '');
