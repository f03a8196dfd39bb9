import { isFirstUse } from '@rivergate/caller';
import { type DpopProof, dpopNonces, useDpopProof } from '@rivergate/caller/dpop';
import { sharedKey } from '@rivergate/caller/internal-keys';
import { startMailer } from '@rivergate/mail';
import type { Resources } from '@rivergate/service';
import { z } from 'zod';
import type { IdentityTools } from './endpoint.ts';
import { signingKeys } from './keys/signing-keys.ts';
import { clientKeys } from './oauth/client-assertion/client-keys.ts';
import { clientMemory } from './oauth/client-memory.ts';
import { REMEMBERED_SECONDS } from './oauth/posted-answer/posted-answer.ts';
import { resetRequests } from './password/reset-requests.ts';
import { settingsFromEnv } from './settings.ts';
import { providersFromEnv } from './social/providers/index.ts';

const Environment = z.object({
  SMTP_URL: z.url(),
  MAIL_FROM: z.string().default('Rivergate <no-reply@localhost>'),
});

/** What identity's handlers work with, from its environment and its stores. */
export async function identityTools(resources: Resources): Promise<IdentityTools> {
  const { knex, redis, secretBox, env, config, log, onStop } = resources;
  const { SMTP_URL: smtpUrl, MAIL_FROM: from } = Environment.parse(env);
  const settings = settingsFromEnv(env);
  const providers = providersFromEnv(env, settings.publicUrl);
  const mail = startMailer({
    service: 'identity',
    knex,
    secretBox,
    redisUrl: config.REDIS_URL,
    smtpUrl,
    from,
    log,
  });
  const useProof = (proof: DpopProof) => useDpopProof(redis, proof);
  const useAssertion = (name: string, seconds: number) =>
    isFirstUse(redis, 'client-assertion', name, seconds);
  const useAnswer = (sealed: string) => isFirstUse(redis, 'posted-answer', sealed, REMEMBERED_SECONDS);
  const keys = signingKeys(knex, secretBox, log);
  const resets = resetRequests({ knex, mail, settings, log });
  onStop(async () => {
    keys.stop();
    await resets.settled();
    await mail.stop();
  });
  return {
    knex,
    secretBox,
    settings,
    mail,
    keys,
    resetRequests: resets,
    providers,
    nonces: settings.dpopNonceRequired ? dpopNonces(sharedKey(env, 'gateway', 'DPoP nonce')) : null,
    useProof,
    useAssertion,
    useAnswer,
    clientKeys: clientKeys(resources),
    clients: clientMemory(),
  };
}
