import type { DpopNonces, DpopProof } from '@rivergate/caller/dpop';
import { endpoints } from '@rivergate/endpoint';
import type { Mailer } from '@rivergate/mail';
import type { SecretBox } from '@rivergate/secrets';
import type { Knex } from 'knex';
import type { SigningKeys } from './keys/signing-keys.ts';
import type { ClientKeys } from './oauth/client-assertion/client-keys.ts';
import type { ClientMemory } from './oauth/client-memory.ts';
import type { ResetRequests } from './password/reset-requests.ts';
import type { Settings } from './settings.ts';
import type { Providers } from './social/providers/index.ts';

/** What identity's endpoints have beside what every endpoint has. */
export interface IdentityTools {
  /** For reading before the transaction opens, and for the little that is written after it. */
  knex: Knex;
  secretBox: SecretBox;
  keys: SigningKeys;
  mail: Mailer;
  resetRequests: ResetRequests;
  /** Where people may sign in elsewhere. */
  providers: Providers;
  settings: Settings;
  /** What DPoP proofs have to repeat; null where nothing. The gateway has the same. */
  nonces: DpopNonces | null;
  /** Whether a DPoP proof comes for the first time. @throws when Redis is away */
  useProof(proof: DpopProof): Promise<boolean>;
  /**
   * The same of an assertion of a client, by a name of its own.
   *
   * @param seconds longer than it is good
   */
  useAssertion(name: string, seconds: number): Promise<boolean>;
  /** The same of an answer that a browser posts to a client. */
  useAnswer(sealed: string): Promise<boolean>;
  clientKeys: ClientKeys;
  clients: ClientMemory;
}

/**
 * Closed to who acts in the name of somebody else, unless a declaration says otherwise: it is about how people prove who they
 * are. Open to sessions that act in one organization alone: what is about the account asks for a fresh authentication, which
 * such a session is only where that organization manages the account.
 */
export const endpoint = endpoints<IdentityTools>({ impersonated: false, boundSessions: true });
