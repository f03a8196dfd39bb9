import type { Resources } from '@rivergate/service';
import type { SsoTools } from './endpoint.ts';
import { relyingParty } from './oidc/relying-party.ts';

/** What handlers of this service work with, from its environment and its stores. */
export async function ssoTools(resources: Resources): Promise<SsoTools> {
  const { config, redis, secretBox, outbound } = resources;
  return {
    redis,
    secretBox,
    outbound,
    relyingParty: relyingParty(resources),
    publicUrl: config.PUBLIC_URL.replace(/\/+$/, ''),
  };
}
