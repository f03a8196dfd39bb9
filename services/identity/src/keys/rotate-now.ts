import { secretBox } from '@rivergate/secrets';
import { connectDatabase, readConfig } from '@rivergate/service';
import { rotateSigningKey } from './rotate-signing-key.ts';

/**
 * Replaces the signing key now, in the environment of the identity service. The new key signs within 15 seconds;
 * tokens of the old one stay valid until they expire.
 *
 * @example node services/identity/src/keys/rotate-now.ts
 */
const { DATABASE_URL, ENCRYPTION_KEY } = readConfig(process.env);
const knex = connectDatabase(DATABASE_URL, 'identity-key-rotation', 2);
try {
  const kid = await rotateSigningKey(knex, secretBox(ENCRYPTION_KEY), {
    olderThanSeconds: 0,
    leadSeconds: 0,
  });
  console.log(`Access tokens are signed with key ${kid} from now on`);
} finally {
  await knex.destroy();
}
