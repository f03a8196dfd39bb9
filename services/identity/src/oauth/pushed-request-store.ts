import { oneTimeToken, tokenHash } from '@rivergate/secrets';
import type { Knex } from 'knex';

/** Seconds within which the user has to be sent with a pushed request (RFC 9126, section 2.2). */
export const PUSHED_SECONDS = 90;
/** Seconds for which somebody may take to sign in, from when the page is open. */
const OPENED_SECONDS = 900;

const SCHEME = 'urn:ietf:params:oauth:request_uri:';

/** Whether a request_uri is one that was pushed, or would have to be fetched. */
export const isPushed = (requestUri: string) => requestUri.startsWith(SCHEME);

const hashOf = (requestUri: string) => tokenHash(requestUri.slice(SCHEME.length));

/** @returns the request_uri, which works once */
export async function insertPushed(db: Knex, applicationId: number, parameters: object): Promise<string> {
  const token = oneTimeToken();
  await db('oauth_pushed_requests').insert({
    request_hash: tokenHash(token),
    application_id: applicationId,
    parameters: JSON.stringify(parameters),
    expires_at: db.raw(`now() + ${PUSHED_SECONDS} * interval '1 second'`),
  });
  return `${SCHEME}${token}`;
}

/** What a request_uri that can be used stands for; it is its client's alone. */
const usable = (db: Knex, applicationId: number, requestUri: string) =>
  db('oauth_pushed_requests')
    .where({ request_hash: hashOf(requestUri), application_id: applicationId })
    .where('expires_at', '>', db.fn.now());

/** @returns its parameters; undefined where it is unknown, another client's, used or expired */
export async function pushedRequest(
  db: Knex,
  applicationId: number,
  requestUri: string,
): Promise<object | undefined> {
  return (await usable(db, applicationId, requestUri).first('parameters'))?.parameters;
}

/** The page is open: from now on the user needs the time, not the client. Once, so that looking again gives no more. */
export async function openPushed(db: Knex, applicationId: number, requestUri: string): Promise<void> {
  await usable(db, applicationId, requestUri)
    .whereNull('opened_at')
    .update({
      opened_at: db.fn.now(),
      expires_at: db.raw(`now() + ${OPENED_SECONDS} * interval '1 second'`),
    });
}

/** @returns whether it was this who used it */
export async function usePushed(
  db: Knex.Transaction,
  applicationId: number,
  requestUri: string,
): Promise<boolean> {
  return (await usable(db, applicationId, requestUri).delete()) === 1;
}

export async function forgetPushed(db: Knex): Promise<void> {
  await db('oauth_pushed_requests').where('expires_at', '<', db.fn.now()).delete();
}
