import { json, Reply, SCIM_TYPE } from '@rivergate/endpoint';
import { z } from 'zod';
import { resourceReply } from './answer.ts';
import type { Asked, Changed } from './change.ts';

/** Bytes (RFC 7644, section 3.7.4: told in ServiceProviderConfig). */
export const MOST_BYTES = 1_048_576;

/** Of every request with a document, which its handler reads: members ignore case, and what is unknown is passed over. */
export const WITH_DOCUMENT = {
  accepts: [json(SCIM_TYPE, 'application/json')],
  body: z.looseObject({}),
  bodyLimit: MOST_BYTES,
  valueLimit: 200_000,
};

/** An id as it stands in a path: what is none is no resource's, and 404 as any other. */
export const PathId = z.string().min(1).max(200);

interface Given {
  params?: Record<string, unknown>;
  body?: object;
  query?: { attributes?: string | undefined; excludedAttributes?: string | undefined };
  headers?: { 'if-match'?: string | undefined };
}

export const askedFor = (id: string, { body = {}, query = {}, headers = {} }: Given): Asked => ({
  id,
  body: body as Asked['body'],
  ifMatch: headers['if-match'],
  ...query,
});

export function replyOf({ status, version, location, document }: Changed): Reply<never> {
  if (status === 204) return new Reply(undefined as never, { status });
  return resourceReply(document!, { status, version: version!, location: location! }) as Reply<never>;
}
