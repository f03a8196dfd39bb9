import { secretBox } from '@rivergate/secrets';
import { connectDatabase, readConfig } from '@rivergate/service';
import { rotateSigningKeys } from './rotate-signing-key.ts';

/**
 * Replaces the signing keys now, in the environment of the identity service. The new ones sign within 15 seconds;
 * tokens of the old ones stay valid until they expire.
 *
 * @example node services/identity/src/keys/rotate-now.ts
 */
const { DATABASE_URL, ENCRYPTION_KEY } = readConfig(process.env);
const knex = connectDatabase(DATABASE_URL, 'identity-key-rotation', 2);
try {
  const made = await rotateSigningKeys(knex, secretBox(ENCRYPTION_KEY), {
    olderThanSeconds: 0,
    leadSeconds: 0,
  });
  console.log(`Tokens are signed with the keys ${made.join(' and ')} from now on`);
} finally {
  await knex.destroy();
}
