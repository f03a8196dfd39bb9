import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { json } from 'node:stream/consumers';

/** What a test asked for: the value by which it finds it, or why this machine has none. */
export type OnDemand = { value: string; reason?: undefined } | { value?: undefined; reason: string };

/** Addresses of a Kafka broker that all tests of the run share, comma-separated. Started when the first test asks. */
export function testKafka(): Promise<OnDemand> {
  return onDemand('kafka', process.env.TEST_KAFKA_BROKERS);
}

/** Path of a Chromium. Looked for when the first test asks. */
export function testChromium(): Promise<OnDemand> {
  return onDemand('chromium', process.env.CHROMIUM_PATH);
}

/** Path of a Go that compiles generated clients. */
export function testGo(): Promise<OnDemand> {
  return onDemand('go', process.env.TEST_GO);
}

/** Path of a Python that runs generated clients. */
export function testPython(): Promise<OnDemand> {
  return onDemand('python', process.env.TEST_PYTHON);
}

/** Path of a Python that has pysaml2, a SAML identity provider that others wrote. */
export function testPysaml2(): Promise<OnDemand> {
  return onDemand('pysaml2', process.env.TEST_PYSAML2);
}

/**
 * The root of a Keycloak that all tests of the run share, with name and password of its administrator in the URL. Only where its stage was
 * asked for. Each test file makes itself a realm.
 */
export function testKeycloak(): Promise<OnDemand> {
  return onDemand('keycloak', process.env.TEST_KEYCLOAK_URL);
}

/** @throws where there is nobody to ask: outside `npm test` nothing may be skipped in silence */
async function onDemand(name: string, given: string | undefined): Promise<OnDemand> {
  if (given) return { value: given };
  const url = process.env.TEST_ON_DEMAND_URL;
  if (!url) throw new Error('TEST_ON_DEMAND_URL is not set: run the tests by "npm test"');
  // However long it takes to install and to start; fetch would wait five minutes.
  const [response] = (await once(get(`${url}/${name}`), 'response')) as [IncomingMessage];
  const offer = (await json(response)) as OnDemand;
  if (offer.reason !== undefined) console.warn(`SKIPPED: what needs ${name}: ${offer.reason}`);
  return offer;
}
