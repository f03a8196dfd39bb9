import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DATABASE_ROLES, furnishing, provisionDatabase } from '@rivergate/service/database';
import type { Progress } from '../console/progress.ts';
import { mailboxDirectory, postgresDirectory, redisDirectory } from '../data-directory/data-directory.ts';
import type { Program } from '../processes/program.ts';
import type { Supervised } from '../processes/supervise.ts';
import { preparePostgres } from '../provision/postgres.ts';
import { prepareRedis } from '../provision/redis.ts';
import { DATABASE } from './environment.ts';
import { nodeProgram } from './node-program.ts';
import { tools } from './roster.ts';

/** What is not in the roster and needs a port as well. */
export const BACKING = ['postgresql', 'redis', 'mailbox', 'smtp'] as const;
export type BackingPorts = Record<(typeof BACKING)[number], number>;

/** What each backing service is provided from. */
export type Provisioning = {
  directory: string;
  operator: NodeJS.ProcessEnv;
  progress: Progress;
  passwords: Record<string, string>;
  ports: BackingPorts;
  /** Starts a program under supervision, and resolves when it is ready. */
  run(program: Program): Promise<Supervised>;
};

/** The administrator's URL of a database server that has a role and a schema for every service. */
export async function provideDatabase(provisioning: Provisioning): Promise<string> {
  const adminUrl = provisioning.operator.DATABASE_ADMIN_URL ?? (await embeddedPostgres(provisioning));
  const passwords = Object.fromEntries(
    DATABASE_ROLES.map(({ role }) => [role, provisioning.passwords[role] ?? '']),
  );
  // Once for each set of roles and for what they are given, not at every start.
  const mark = join(provisioning.directory, 'database-provisioned');
  const wanted = createHash('sha256')
    .update(JSON.stringify([provisioning.operator.DATABASE_ADMIN_URL, passwords, furnishing(DATABASE)]))
    .digest('hex');
  if (existsSync(mark) && readFileSync(mark, 'utf8') === wanted) return adminUrl;
  await provisioning.progress.step('database roles and schemas', () =>
    provisionDatabase({ adminUrl, database: DATABASE, passwords }),
  );
  writeFileSync(mark, wanted, { mode: 0o600 });
  return adminUrl;
}

async function embeddedPostgres({
  directory,
  passwords,
  ports,
  progress,
  run,
}: Provisioning): Promise<string> {
  const options = {
    directory: postgresDirectory(directory),
    port: ports.postgresql,
    password: passwords.postgres!,
    durable: true,
    progress,
  };
  const prepared = existsSync(join(options.directory, 'PG_VERSION'))
    ? await preparePostgres(options)
    : await progress.step('creating the database', () => preparePostgres(options));
  if (prepared.directory !== options.directory) {
    progress.note(`the database is in ${prepared.directory}: its account may not enter ${directory}`);
  }
  await run(prepared.program);
  return prepared.adminUrl;
}

export async function provideRedis(provisioning: Provisioning): Promise<string> {
  const { directory, operator, passwords, ports, progress, run } = provisioning;
  if (operator.REDIS_URL) return operator.REDIS_URL;
  const { program, url } = await prepareRedis({
    directory: redisDirectory(directory),
    port: ports.redis,
    password: passwords.redis!,
    durable: true,
    tools,
    progress,
  });
  await run(program);
  return url;
}

export async function provideMailbox({ directory, operator, ports, run }: Provisioning) {
  if (operator.SMTP_URL) return { smtpUrl: operator.SMTP_URL, mailboxUrl: undefined };
  const main = join(import.meta.dirname, '..', 'mailbox', 'main.ts');
  const env = {
    PATH: process.env.PATH,
    NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE,
    PORT: String(ports.mailbox),
    SMTP_PORT: String(ports.smtp),
    MAILBOX_DIRECTORY: mailboxDirectory(directory),
  };
  await run(nodeProgram('mailbox', main, ports.mailbox, env));
  return { smtpUrl: `smtp://127.0.0.1:${ports.smtp}`, mailboxUrl: `http://127.0.0.1:${ports.mailbox}` };
}
