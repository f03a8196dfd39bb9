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

/** @throws where there is nobody to ask: outside `npm test` nothing may be skipped in silence */
async function onDemand(name: string, given: string | undefined): Promise<OnDemand> {
  if (given) return { value: given };
  const url = process.env.TEST_ON_DEMAND_URL;
  if (!url) throw new Error('TEST_ON_DEMAND_URL is not set: run the tests by "npm test"');
  const response = await fetch(`${url}/${name}`);
  const offer = (await response.json()) as OnDemand;
  if (offer.reason !== undefined) console.warn(`SKIPPED: what needs ${name}: ${offer.reason}`);
  return offer;
}
