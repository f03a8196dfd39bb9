import { z } from 'zod';
import { endpoint } from '../../endpoint.ts';
import { baseOf, SCIM } from '../answer.ts';
import { ScimOff } from '../errors.ts';
import { InvalidSyntax, InvalidValue } from '../protocol/errors.ts';
import { WITH_DOCUMENT } from '../request.ts';
import { enabledSettings } from '../settings/settings.ts';
import { readBulk } from './bulk-request.ts';
import { carryOutBulk } from './carry-out.ts';
import { TooLarge } from './errors.ts';

const BULK_RESPONSE = 'urn:ietf:params:scim:api:messages:2.0:BulkResponse';

const Result = z.object({
  method: z.string(),
  bulkId: z.string().optional(),
  version: z.string().optional(),
  location: z.string().optional(),
  status: z.string(),
  response: z
    .object({
      schemas: z.array(z.string()),
      status: z.string(),
      scimType: z.string().optional(),
      detail: z.string(),
    })
    .optional(),
});

/** Milliseconds: a thousand users take their time. */
const TIMEOUT = 300_000;

export const bulk = endpoint(
  {
    ...SCIM,
    ...WITH_DOCUMENT,
    operation: 'bulkScim',
    method: 'post',
    path: '/scim/v2/Bulk',
    summary: 'Make many changes by one request',
    description:
      'Each is done, or refused, for itself; the status of the answer says nothing of them. What refers to another by ' +
      'bulkId comes after it.',
    answer: z
      .object({ schemas: z.array(z.string()), Operations: z.array(Result) })
      .meta({ id: 'ScimBulkResponse' }),
    errors: [InvalidSyntax, InvalidValue, TooLarge, ScimOff],
    idempotency: false,
    timeout: TIMEOUT,
  },
  {
    async prepare({ body, caller, briefly, call, request, mailer, publicUrl }) {
      await briefly(db => enabledSettings(db, caller.organizationId));
      const acting = { briefly, call, request, mailer, caller, base: baseOf(publicUrl) };
      return await carryOutBulk(readBulk(body), acting);
    },
    handle: async ({ prepared }) => ({ schemas: [BULK_RESPONSE], Operations: prepared }),
  },
);
