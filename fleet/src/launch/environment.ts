import { isIP } from 'node:net';
import { databaseUrl, EVENT_LOG_ROLE, roleOf } from '@rivergate/service/database';
import { urlVariable } from '@rivergate/service/services';
import type { Secrets } from '../data-directory/secrets.ts';
import type { Member } from './roster.ts';

export const DATABASE = 'rivergate';

export type Site = {
  /** What the operator set: it wins wherever it names the same thing. */
  operator: NodeJS.ProcessEnv;
  secrets: Secrets;
  /** The keys with which processes sign and verify internal credentials. */
  internalKeys: { INTERNAL_KEY: Record<string, string>; INTERNAL_JWKS: string };
  publicUrl: string;
  /** URL of the administrator of the database server. */
  adminUrl: string;
  redisUrl: string;
  smtpUrl: string;
  /** Where the embedded mailbox answers; undefined where mail goes to a real server. */
  mailboxUrl: string | undefined;
  ports: Record<string, number>;
};

/** Names that npm and the launcher use themselves, or that are for the administrator alone. */
const KEPT_BACK = /^(npm_|DATABASE_ADMIN_URL$|INIT_CWD$|NODE_CHANNEL_)/;

/** The environment of one process of the fleet: the same variables as in a cluster, see the README. */
export function environmentOf(member: Member, site: Site): NodeJS.ProcessEnv {
  const { operator, secrets } = site;
  const given = Object.fromEntries(Object.entries(operator).filter(([name]) => !KEPT_BACK.test(name)));
  const port = String(site.ports[member.name]);
  return {
    // What the operator may overrule …
    NODE_ENV: 'production',
    PUBLIC_URL: site.publicUrl,
    ENCRYPTION_KEY: secrets.encryption_key,
    MAIL_FROM: 'Rivergate <no-reply@rivergate.localhost>',
    LOG_LEVEL: 'info',
    ...(operator.KAFKA_BROKERS ? {} : { EVENT_LOG_URL: databaseOf(site, EVENT_LOG_ROLE) }),
    ...given,
    // … and what is the launcher's business alone.
    REDIS_URL: site.redisUrl,
    SMTP_URL: site.smtpUrl,
    HOST: hostOf(member, operator),
    PORT: port,
    INTERNAL_KEY: site.internalKeys.INTERNAL_KEY[member.name],
    INTERNAL_JWKS: site.internalKeys.INTERNAL_JWKS,
    ...serviceUrls(site),
    ...(member.kind === 'service'
      ? { DATABASE_URL: databaseOf(site, roleOf(member.name)) }
      : { DATABASE_URL: undefined }),
    ...(member.kind === 'gateway' ? { MAILBOX_URL: site.mailboxUrl } : { MAILBOX_URL: undefined }),
  };
}

/** The gateway listens where the operator says; everything else is for this machine only. */
export function hostOf(member: Pick<Member, 'kind'>, operator: NodeJS.ProcessEnv): string {
  // HOST is the machine's name in some shells: then it is not meant for us.
  const given = operator.HOST ?? '';
  return member.kind === 'gateway' && isIP(given) ? given : '127.0.0.1';
}

function serviceUrls({ ports }: Site): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(ports).map(([name, port]) => [urlVariable(name), `http://127.0.0.1:${port}`]),
  );
}

function databaseOf({ adminUrl, secrets }: Site, role: string): string {
  return databaseUrl(adminUrl, DATABASE, { name: role, password: secrets.passwords[role] ?? '' });
}
