import { acrossOrganizations, Id, organizationList } from '@rivergate/endpoint';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { personOf } from '../people/people-store.ts';
import { joinableBy } from './joinable.ts';

const JoinableOrganization = z
  .object({
    id: Id,
    name: z.string(),
    domain: z.string().meta({ description: "The verified domain, which is that of the caller's address" }),
    join: z.enum(['request', 'automatic']).meta({ description: 'Whether an administrator decides' }),
    requested: z.boolean().meta({ description: 'The caller has asked to join' }),
  })
  .meta({ id: 'JoinableOrganization' });

const organizations = organizationList('organizations', JoinableOrganization);

export const listJoinableOrganizations = endpoint(
  {
    operation: 'listJoinableOrganizations',
    method: 'get',
    path: '/organizations/joinable',
    summary: 'List the organizations that the caller can join by the domain of their address',
    description:
      "Those that have verified the domain of the account's own, verified address and let its people join. Who was a " +
      'member once, or was rejected, needs an invitation.',
    caller: 'user',
    session: true,
    query: organizations.query,
    answer: organizations.answer,
    message: 'Joinable organizations retrieved successfully',
  },
  async ({ query, caller, db }) => {
    await acrossOrganizations(db);
    const person = await personOf(db, caller.userId);
    if (!person) return { organizations: [], total_count: 0 };
    return await organizations.page(joinableBy(db, person), query, {
      read: found =>
        found
          .select('o.id', 'o.name', 'd.domain', db.raw("o.settings #>> '{domains,join}' as join"))
          .select(
            db.raw(
              `exists (select from join_requests r where r.organization_id = o.id and r.user_id = ?) as requested`,
              [person.user_id],
            ),
          )
          .orderBy('o.id'),
    });
  },
);
