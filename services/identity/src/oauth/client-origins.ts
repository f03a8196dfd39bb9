import { clientOrigins as spec } from '@rivergate/contracts';
import { endpoint } from '../endpoint.ts';
import { addressesOfClients } from './client-store.ts';

export const clientOrigins = endpoint(spec, async ({ db }) => {
  const origins = new Set<string>();
  for (const address of await addressesOfClients(db)) {
    const { protocol, origin } = new URL(address);
    if (/^https?:$/.test(protocol)) origins.add(origin);
  }
  return { origins: [...origins] };
});
