import { accessTokenLifetimeSeconds } from '@rivergate/caller';
import { emit, serviceActor, signingKeyRotated } from '@rivergate/events';
import type { SecretBox } from '@rivergate/secrets';
import { calculateJwkThumbprint, exportJWK, generateKeyPair } from 'jose';
import type { Knex } from 'knex';
import {
  addKey,
  dropUnpublishedKeys,
  lockKeys,
  newestKey,
  SIGNING_ALGORITHMS,
  type SigningAlgorithm,
} from './signing-key-store.ts';
import { sealingContext } from './signing-keys.ts';

/** Beyond the life of the last token: processes that have not heard of the new key yet, and clocks that differ. */
const MARGIN_SECONDS = 300;

export interface Rotation {
  /** A key younger than this stays. Zero: rotate in any case. */
  olderThanSeconds: number;
  /** Seconds for which the new key is published before it signs. */
  leadSeconds: number;
}

/**
 * Of each algorithm, makes the first key, or the next one when the newest is old enough. Processes that try at the same
 * time make one.
 *
 * @returns the new keys' ids; none where none was due
 */
export function rotateSigningKeys(knex: Knex, box: SecretBox, rotation: Rotation): Promise<string[]> {
  return knex.transaction(async db => {
    await lockKeys(db);
    const made: string[] = [];
    for (const alg of SIGNING_ALGORITHMS) {
      const kid = await rotateKey(db, box, alg, rotation);
      if (kid !== undefined) made.push(kid);
    }
    if (made.length > 0) await dropUnpublishedKeys(db);
    return made;
  });
}

async function rotateKey(
  db: Knex.Transaction,
  box: SecretBox,
  alg: SigningAlgorithm,
  rotation: Rotation,
): Promise<string | undefined> {
  const newest = await newestKey(db, alg);
  if (newest && Date.now() - newest.created_at.getTime() < rotation.olderThanSeconds * 1000) return undefined;

  const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true });
  const publicJwk = await exportJWK(publicKey);
  const kid = await calculateJwkThumbprint(publicJwk);
  await addKey(db, {
    kid,
    alg,
    publicJwk: { ...publicJwk, kid, alg, use: 'sig' },
    privateJwkSealed: box.seal(JSON.stringify(await exportJWK(privateKey)), sealingContext(kid)),
    leadSeconds: newest ? rotation.leadSeconds : 0,
    overlapSeconds: accessTokenLifetimeSeconds + MARGIN_SECONDS,
  });
  const actor = serviceActor('identity');
  await emit(db, signingKeyRotated, { aggregateId: kid, actor, data: { key_id: kid } });
  return kid;
}

/** At boot: there is a key of each algorithm to sign with. */
export function ensureSigningKeys(knex: Knex, box: SecretBox): Promise<string[]> {
  return rotateSigningKeys(knex, box, { olderThanSeconds: Number.POSITIVE_INFINITY, leadSeconds: 0 });
}
