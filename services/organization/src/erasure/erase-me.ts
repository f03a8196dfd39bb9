import {
  EmailAddress,
  reply,
  Unauthorized,
  UpstreamUnavailable,
  ValidationFailed,
} from '@rivergate/endpoint';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { LastAdministrator } from '../members/errors.ts';
import { personOf } from '../people/people-store.ts';
import { RequestedErasure } from './erasure.ts';
import { erasureMail } from './erasure-mail.ts';
import { MembershipsChanged } from './errors.ts';
import { leaveEverything } from './leave-everything.ts';
import { requestErasure } from './request-erasure.ts';

export const eraseMe = endpoint(
  {
    operation: 'eraseMe',
    method: 'delete',
    path: '/auth/me',
    summary: 'Erase the account of the caller, with all that the fleet holds on them',
    description:
      'Memberships end at once, sessions and tokens within a second, and nothing can be restored. Organizations in which ' +
      'nobody else is end with it, the personal one among them; of others the caller must not be the last administrator. ' +
      'Every service confirms that it is done. Entries of audit logs stay, with the id of a user of whom nothing is known.',
    caller: 'user',
    boundSessions: true,
    session: true,
    fresh: true,
    query: z.object({
      confirm_email: EmailAddress.meta({ description: 'The address of the account' }),
    }),
    status: 202,
    answer: z.object({ erasure: RequestedErasure }),
    message: 'Account is being erased',
    errors: [LastAdministrator, MembershipsChanged, UpstreamUnavailable],
    // Nobody is there any more to whom an answer could be given again.
    idempotency: false,
  },
  async ({ query, caller: { userId }, db, emit, mailer, appUrl }) => {
    const person = await personOf(db, userId);
    if (!person) throw UpstreamUnavailable('Your account is being set up; try again shortly');
    if (person.status === 'erased') throw Unauthorized();
    if (query.confirm_email !== person.email) {
      const reason = 'is not the address of the account';
      throw ValidationFailed(undefined, [{ field: 'query.confirm_email', code: 'not_allowed', reason }]);
    }
    const work = { db, emit };
    if (!(await leaveEverything(work, userId))) throw Unauthorized();
    const erasure = await requestErasure(work, { userId, organizationId: null });
    await mailer.send(db, erasureMail(person.email, { receipt: erasure.receipt, appUrl }));
    return reply({ erasure }, { headers: { Location: `/api/v1/erasures/${erasure.receipt}` } });
  },
);
