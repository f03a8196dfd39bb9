import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What a test asked for: the value by which it finds it, or why this machine has none. */
export type Offer = { value: string; reason?: undefined } | { value?: undefined; reason: string };

export type OnDemand<Name extends string> = {
  /** GET url/NAME answers with the offer as JSON. On the loopback interface. */
  url: string;
  ask(name: Name): Promise<Offer>;
  /** Called once for each name that could not be had. */
  refused: (name: Name, reason: string) => void;
  close(): Promise<void>;
};

/**
 * Starts at the first question what few tests need and what takes long to start. Only a test itself knows what it
 * needs, so it asks: nothing has to be guessed from its path or its imports, and nothing is left out by mistake.
 */
export async function listenOnDemand<Name extends string>(
  start: Record<Name, () => Promise<Offer>>,
): Promise<OnDemand<Name>> {
  const asked = new Map<Name, Promise<Offer>>();
  const first = async (name: Name): Promise<Offer> => {
    const offer = await start[name]().catch((error: Error): Offer => ({ reason: error.message }));
    if (offer.reason !== undefined) onDemand.refused(name, offer.reason);
    return offer;
  };
  const ask = (name: Name) => {
    const offer = asked.get(name) ?? first(name);
    asked.set(name, offer);
    return offer;
  };
  const server = createServer(async (request, response) => {
    const name = request.url?.slice(1) as Name;
    if (!Object.hasOwn(start, name)) return void response.writeHead(404).end();
    const offer = await ask(name);
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(offer));
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const onDemand: OnDemand<Name> = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    ask,
    refused() {},
    async close() {
      server.closeAllConnections();
      await new Promise<void>(resolve => server.close(() => resolve()));
    },
  };
  return onDemand;
}
