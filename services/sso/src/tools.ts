import { startMailer } from '@rivergate/mail';
import type { Resources } from '@rivergate/service';
import { z } from 'zod';
import type { SsoTools } from './endpoint.ts';
import { relyingParty } from './oidc/relying-party.ts';

const Environment = z.object({
  SMTP_URL: z.url(),
  APP_URL: z.url().optional(),
  MAIL_FROM: z.string().default('Rivergate <no-reply@localhost>'),
});

/** What handlers of this service work with, from its environment and its stores. */
export async function ssoTools(resources: Resources): Promise<SsoTools> {
  const { config, env, knex, log, redis, secretBox, outbound, onStop } = resources;
  const { SMTP_URL: smtpUrl, MAIL_FROM: from, APP_URL } = Environment.parse(env);
  const mailer = startMailer({
    service: 'sso',
    knex,
    redisUrl: config.REDIS_URL,
    secretBox,
    smtpUrl,
    from,
    log,
  });
  onStop(() => mailer.stop());
  return {
    knex,
    redis,
    secretBox,
    mailer,
    outbound,
    relyingParty: relyingParty(resources),
    appUrl: (APP_URL ?? config.PUBLIC_URL).replace(/\/+$/, ''),
    publicUrl: config.PUBLIC_URL.replace(/\/+$/, ''),
  };
}
