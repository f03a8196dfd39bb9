import { startMailer } from '@rivergate/mail';
import type { Resources } from '@rivergate/service';
import { z } from 'zod';
import type { OrganizationTools } from './endpoint.ts';
import { mailLimitsFromEnv } from './invitations/mail-limits.ts';
import { plansFromEnvironment } from './organizations/plan.ts';
import { takenAddressLimit } from './users/taken-addresses.ts';

const Environment = z.object({
  SMTP_URL: z.url(),
  MAIL_FROM: z.string().default('Rivergate <no-reply@localhost>'),
  APP_URL: z.url().optional(),
  INVITATION_ACCEPT_ANY_ADDRESS: z.enum(['true', 'false']).default('false'),
  ORGANIZATION_DELETION_GRACE_DAYS: z.coerce.number().int().min(0).max(3_650).default(30),
});

/** What this service reads from its environment beside what every service does. */
export async function organizationTools(resources: Resources): Promise<OrganizationTools> {
  const { config, env, knex, log, outbound, secretBox, onStop } = resources;
  const {
    SMTP_URL: smtpUrl,
    MAIL_FROM: from,
    APP_URL,
    INVITATION_ACCEPT_ANY_ADDRESS,
    ORGANIZATION_DELETION_GRACE_DAYS: deletionGraceDays,
  } = Environment.parse(env);
  const mailer = startMailer({
    service: 'organization',
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
    mailer,
    plans: plansFromEnvironment(env),
    mailLimits: mailLimitsFromEnv(env),
    takenAddressLimit: takenAddressLimit(env),
    outbound,
    secretBox,

    publicUrl: config.PUBLIC_URL.replace(/\/+$/, ''),
    appUrl: (APP_URL ?? config.PUBLIC_URL).replace(/\/+$/, ''),
    deletionGraceDays,
    acceptsAnyAddress: INVITATION_ACCEPT_ANY_ADDRESS === 'true',
  };
}
