import { Resolver } from 'node:dns/promises';
import { isIP } from 'node:net';
import { entriesOf } from './allowed-targets.ts';
import { codeOf, OutboundFailure } from './failure.ts';

/** Milliseconds that a name server is waited for at first, and how often each is asked. */
const PATIENCE = 1_500;
const TRIES = 3;

/** `localhost` and what is below it are this machine, whatever a name server says (RFC 6761, section 6.3). */
const LOCALHOST = /^(.+\.)?localhost\.?$/;

/**
 * Reads `OUTBOUND_DNS`, a comma list of addresses with or without a port: `10.0.0.53, [fd00::53]:5353`.
 *
 * @throws an Error
 */
export function parseNameServers(text: string): string[] {
  const servers = entriesOf(text);
  new Resolver().setServers(servers);
  return servers;
}

/**
 * All addresses of a host, IPv6 first (RFC 6724), asked of DNS each time. The system's `getaddrinfo` is not used: it
 * cannot be given up, it holds one of the few threads of the process while a name server is slow, and it completes names
 * by the search domains of the machine.
 *
 * @param servers asked instead of those of the system
 * @throws OutboundFailure
 */
export async function resolve(
  host: string,
  servers: readonly string[] | undefined,
  signal: AbortSignal,
): Promise<string[]> {
  if (isIP(host) !== 0) return [host];
  if (LOCALHOST.test(host)) return ['::1', '127.0.0.1'];
  const answers = await askDns(servers, signal, resolver => [
    resolver.resolve6(host),
    resolver.resolve4(host),
  ]);
  const addresses = answers.flatMap(answer => (answer.status === 'fulfilled' ? answer.value : []));
  const failed = answers.find(answer => answer.status === 'rejected');
  if (addresses.length === 0) throw new OutboundFailure('dns', codeOf(failed?.reason));
  return addresses;
}

/** Asks until the signal says that it is given up, and waits for what became of all questions. */
export async function askDns<Answer>(
  servers: readonly string[] | undefined,
  signal: AbortSignal,
  questions: (resolver: Resolver) => Promise<Answer>[],
): Promise<PromiseSettledResult<Answer>[]> {
  signal.throwIfAborted();
  const resolver = new Resolver({ timeout: PATIENCE, tries: TRIES });
  if (servers) resolver.setServers(servers);
  const giveUp = () => resolver.cancel();
  signal.addEventListener('abort', giveUp);
  try {
    const answers = await Promise.allSettled(questions(resolver));
    signal.throwIfAborted();
    return answers;
  } finally {
    signal.removeEventListener('abort', giveUp);
  }
}
