import { type Emit, endpoints } from '@rivergate/endpoint';
import type { Mailer } from '@rivergate/mail';
import type { Outbound } from '@rivergate/outbound';
import type { RedisClient } from '@rivergate/redis';
import type { SecretBox } from '@rivergate/secrets';
import type { Knex } from 'knex';
import type { RelyingParty } from './oidc/relying-party.ts';

/** What handlers of this service have beside what every handler has. */
export interface SsoTools {
  /** For what stands whatever becomes of the request's transaction. Never inside of one. */
  knex: Knex;
  redis: RedisClient;
  secretBox: SecretBox;
  mailer: Mailer;
  /** The way to a URL that an administrator gave. */
  outbound: Outbound;
  /** What speaks OpenID Connect with the providers. */
  relyingParty: RelyingParty;
  /** The address of the platform: of its protocols, and of the page to which logins lead back. */
  publicUrl: string;
  /** Where people are led: by links in mails, and by what refuses them until they sign in. */
  appUrl: string;
}

/** A transaction with the means to record what it changes. */
export interface Work {
  db: Knex.Transaction;
  emit: Emit;
}

export const endpoint = endpoints<SsoTools>();
