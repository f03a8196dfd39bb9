import { endpoints } from '@rivergate/endpoint';
import type { Outbound } from '@rivergate/outbound';
import type { RedisClient } from '@rivergate/redis';
import type { SecretBox } from '@rivergate/secrets';
import type { RelyingParty } from './oidc/relying-party.ts';

/** What handlers of this service have beside what every handler has. */
export interface SsoTools {
  redis: RedisClient;
  secretBox: SecretBox;
  /** The way to a URL that an administrator gave. */
  outbound: Outbound;
  /** What speaks OpenID Connect with the providers. */
  relyingParty: RelyingParty;
  /** The address of the platform. */
  publicUrl: string;
}

export const endpoint = endpoints<SsoTools>();
