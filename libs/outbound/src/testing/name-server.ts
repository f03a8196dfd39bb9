import { createSocket } from 'node:dgram';
import { type AddressInfo, createServer, type Server } from 'node:net';
import {
  type Answer,
  decode,
  encode,
  RECURSION_AVAILABLE,
  streamEncode,
  TRUNCATED_RESPONSE,
} from 'dns-packet';

export interface NameServer {
  /** `127.0.0.1:port` */
  address: string;
  /** What names lead to from now on: addresses, or another name (CNAME) and what that leads to. */
  set(name: string, ...leadsTo: string[]): void;
  /** The TXT records of a name from now on: a text of more than 255 bytes goes in several strings. */
  setText(name: string, ...texts: string[]): void;
  /** What a name leads to for the first question of each type, and ever after. */
  rebind(name: string, first: string, after: string): void;
  /** The name does not exist any more. */
  forget(name: string): void;
  /** Questions for this name go unanswered. */
  silence(name: string): void;
  /** Questions for this name are answered SERVFAIL. */
  fail(name: string): void;
  /** Questions for this name are answered again, also those that are asked a second time by now. */
  speak(name: string): void;
  /** Every question so far, as `A name`. */
  questions: string[];
  stop(): Promise<void>;
}

type Record = { type: 'A' | 'AAAA' | 'CNAME' | 'TXT'; data: string };
type Zone = Map<string, (type: string) => Record[]>;

/** Bytes of an answer over UDP without EDNS (RFC 1035, section 4.2.1); what is longer is asked again over TCP. */
const LONGEST_DATAGRAM = 512;
const SERVFAIL = 2;
const NXDOMAIN = 3;

/** A name server on this machine that knows what the test tells it; every other name does not exist. */
export async function startNameServer(): Promise<NameServer> {
  const zone: Zone = new Map();
  const silent = new Set<string>();
  const failing = new Set<string>();
  const questions: string[] = [];

  const respond = (message: Buffer, write: typeof encode): Buffer | undefined => {
    const { id, questions: [asked] = [] } = decode(message);
    if (!asked) return undefined;
    const { name, type } = asked;
    questions.push(`${type} ${name}`);
    if (silent.has(name)) return undefined;
    const answers = answersOf(zone, name, type);
    const outcome = failing.has(name) || answers === undefined ? SERVFAIL : zone.has(name) ? 0 : NXDOMAIN;
    const response = { type: 'response' as const, id: id!, questions: [asked] };
    const flags = RECURSION_AVAILABLE | outcome;
    const whole = write({ ...response, flags, answers: outcome === 0 ? answers! : [] });
    if (write !== encode || whole.length <= LONGEST_DATAGRAM) return whole;
    return write({ ...response, flags: flags | TRUNCATED_RESPONSE });
  };

  const byTcp = createServer(connection => {
    let received = Buffer.alloc(0);
    connection
      .on('data', chunk => {
        received = Buffer.concat([received, chunk]);
        if (received.length < 2 || received.length < 2 + received.readUInt16BE()) return;
        const response = respond(received.subarray(2), streamEncode as typeof encode);
        if (response) connection.end(response);
      })
      .on('error', () => {});
  });
  const port = await listen(byTcp);
  const byUdp = createSocket('udp4').on('message', (message, { port: to, address }) => {
    const response = respond(message, encode);
    if (response) byUdp.send(response, to, address);
  });
  await new Promise<void>(resolve => byUdp.bind(port, '127.0.0.1', resolve));

  return {
    address: `127.0.0.1:${port}`,
    set: (name, ...leadsTo) => void zone.set(name, () => leadsTo.map(recordOf)),
    setText: (name, ...texts) => void zone.set(name, () => texts.map(data => ({ type: 'TXT', data }))),
    rebind(name, first, after) {
      const asked = new Set<string>();
      zone.set(name, type => [recordOf(asked.size < asked.add(type).size ? first : after)]);
    },
    forget: name => void zone.delete(name),
    silence: name => void silent.add(name),
    fail: name => void failing.add(name),
    speak(name) {
      silent.delete(name);
      failing.delete(name);
    },
    questions,
    async stop() {
      await new Promise<void>(resolve => byUdp.close(resolve));
      await new Promise(resolve => byTcp.close(resolve));
    },
  };
}

async function listen(server: Server): Promise<number> {
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

const recordOf = (data: string): Record => ({
  type: /^[\d.]+$/.test(data) ? 'A' : data.includes(':') ? 'AAAA' : 'CNAME',
  data,
});

/** Aliases are followed, as a recursive server does, except where they are asked for. @returns undefined for a circle */
function answersOf(zone: Zone, name: string, type: string, passed: string[] = []): Answer[] | undefined {
  if (passed.includes(name)) return undefined;
  const answers: Answer[] = [];
  for (const { type: kind, data } of zone.get(name)?.(type) ?? []) {
    if (kind === 'CNAME') {
      const further = type === 'CNAME' ? [] : answersOf(zone, data, type, [...passed, name]);
      if (!further) return undefined;
      answers.push({ type: kind, name, data }, ...further);
    } else if (kind === type)
      answers.push(
        kind === 'TXT'
          ? { type: kind, name, ttl: 0, data: stringsOf(data) }
          : { type: kind, name, ttl: 0, data },
      );
  }
  return answers;
}

/** A TXT record consists of strings of at most 255 bytes (RFC 1035, section 3.3.14). */
const stringsOf = (text: string): string[] => text.match(/.{1,255}/gs) ?? [''];
