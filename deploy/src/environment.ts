import { randomBytes } from 'node:crypto';
import { generateInternalKeys } from '@rivergate/caller';
import { DATABASE_ROLES, SERVICES } from '@rivergate/service';

const upper = (name: string) => name.replaceAll('-', '_').toUpperCase();

/** Variable of `.env` that holds the password of a database role: RIVERGATE_DATA_SOURCE_PASSWORD. */
export const passwordVariable = (role: string) => `${upper(role)}_PASSWORD`;

/** Variable of `.env` that holds a process's private key: DATA_SOURCE_INTERNAL_KEY. */
export const keyVariable = (name: string) => `${upper(name)}_INTERNAL_KEY`;

// Hexadecimal: goes into URLs as it is.
const password = () => randomBytes(24).toString('hex');

/** Fresh values for every secret that docker-compose.yml asks for. */
export function generateSecrets(): Record<string, string> {
  const names = ['gateway', ...SERVICES.map(({ name }) => name)];
  const keys = generateInternalKeys(names);
  return {
    POSTGRES_PASSWORD: password(),
    ...Object.fromEntries(DATABASE_ROLES.map(({ role }) => [passwordVariable(role), password()])),
    REDIS_PASSWORD: password(),
    MINIO_ROOT_PASSWORD: password(),
    // A UUID in the form that Kafka's own tool prints.
    KAFKA_CLUSTER_ID: randomBytes(16).toString('base64url').replace(/^-/, 'A'),
    ENCRYPTION_KEY: randomBytes(32).toString('base64'),
    METRICS_TOKEN: password(),
    ...Object.fromEntries(names.map(name => [keyVariable(name), keys.INTERNAL_KEY[name] ?? ''])),
    INTERNAL_JWKS: keys.INTERNAL_JWKS,
  };
}

/** The text of an `.env` file. */
export function environmentFile(secrets: Record<string, string>): string {
  const lines = Object.entries(secrets).map(([name, value]) => `${name}=${value}`);
  const heading = [
    '# Secrets of one Rivergate installation. Keep a copy in a safe place: without ENCRYPTION_KEY what the',
    '# database holds sealed cannot be opened again. What else can be set is in docs/operations.md.',
  ];
  return `${[...heading, ...lines].join('\n')}\n`;
}
