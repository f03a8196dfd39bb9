import { type SecretBox, tokenHash } from '@rivergate/secrets';
import type { Knex } from 'knex';
import { z } from 'zod';
import type { FlowSecrets } from './providers/provider.ts';

const SECONDS = 600;

const Secrets = z.object({ codeVerifier: z.string(), nonce: z.string() });

type Tools = { knex: Knex; secretBox: SecretBox };

const context = (provider: string, stateHash: string) => `social state ${provider} ${stateHash}`;

/** Keeps what belongs to a state for ten minutes; the same state again replaces it. */
export async function keepState(
  { knex, secretBox }: Tools,
  provider: string,
  state: string,
  secrets: FlowSecrets,
): Promise<void> {
  const stateHash = tokenHash(state);
  await knex('social_states')
    .insert({
      state_hash: stateHash,
      provider,
      secrets_sealed: secretBox.seal(JSON.stringify(secrets), context(provider, stateHash)),
      expires_at: knex.raw("now() + ? * interval '1 second'", [SECONDS]),
    })
    .onConflict('state_hash')
    .merge();
}

/**
 * Takes what was kept, once: of many who ask at the same time, one gets it. A state that comes to another provider is
 * used up by that.
 *
 * @returns undefined for a state that is unknown, used, expired or of another provider
 */
export async function takeState(
  { knex, secretBox }: Tools,
  provider: string,
  state: string,
): Promise<FlowSecrets | undefined> {
  const stateHash = tokenHash(state);
  const [row] = await knex('social_states')
    .where({ state_hash: stateHash })
    .delete()
    .returning(['provider', 'secrets_sealed', knex.raw('expires_at <= now() as expired')]);
  if (!row || row.expired || row.provider !== provider) return undefined;
  return Secrets.parse(JSON.parse(secretBox.open(row.secrets_sealed, context(provider, stateHash))));
}

export async function dropExpiredStates(knex: Knex): Promise<void> {
  await knex('social_states').where('expires_at', '<', knex.fn.now()).delete();
}
