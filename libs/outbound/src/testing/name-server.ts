import { createSocket } from 'node:dgram';
import type { AddressInfo } from 'node:net';
import { type Answer, decode, encode, RECURSION_AVAILABLE } from 'dns-packet';

export interface NameServer {
  /** `127.0.0.1:port` */
  address: string;
  /** What names lead to from now on: addresses, or another name (CNAME) and what that leads to. */
  set(name: string, ...leadsTo: string[]): void;
  /** What a name leads to for the first question of each type, and ever after. */
  rebind(name: string, first: string, after: string): void;
  /** Questions for this name go unanswered. */
  silence(name: string): void;
  /** Every question so far, as `A name`. */
  questions: string[];
  stop(): Promise<void>;
}

type Zone = Map<string, (type: string) => string[]>;

/** A name server on this machine that knows what the test tells it; every other name does not exist. */
export async function startNameServer(): Promise<NameServer> {
  const zone: Zone = new Map();
  const silent = new Set<string>();
  const questions: string[] = [];
  const socket = createSocket('udp4');
  socket.on('message', (message, { port, address }) => {
    const { id, questions: [asked] = [] } = decode(message);
    if (!asked) return;
    const { name, type } = asked;
    questions.push(`${type} ${name}`);
    if (silent.has(name)) return;
    const answers = answersOf(zone, name, type);
    const NXDOMAIN = 3;
    const flags = RECURSION_AVAILABLE | (zone.has(name) ? 0 : NXDOMAIN);
    socket.send(encode({ type: 'response', id, flags, questions: [asked], answers }), port, address);
  });
  await new Promise<void>(resolve => socket.bind(0, '127.0.0.1', resolve));
  return {
    address: `127.0.0.1:${(socket.address() as AddressInfo).port}`,
    set: (name, ...leadsTo) => void zone.set(name, () => leadsTo),
    rebind(name, first, after) {
      const asked = new Set<string>();
      zone.set(name, type => (asked.size < asked.add(type).size ? [first] : [after]));
    },
    silence: name => void silent.add(name),
    questions,
    stop: () => new Promise(resolve => socket.close(resolve)),
  };
}

function answersOf(zone: Zone, name: string, type: string): Answer[] {
  return (zone.get(name)?.(type) ?? []).flatMap((data): Answer[] => {
    const kind = /^[\d.]+$/.test(data) ? 'A' : data.includes(':') ? 'AAAA' : 'CNAME';
    if (kind === 'CNAME') return [{ type: kind, name, data }, ...answersOf(zone, data, type)];
    return kind === type ? [{ type: kind, name, ttl: 0, data }] : [];
  });
}
