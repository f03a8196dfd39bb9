import { Domain, Id } from '@rivergate/endpoint';
import { changesOf, organizationUpdated } from '@rivergate/events';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { Name } from '../names/name.ts';
import { nameKeys } from '../names/name-keys.ts';
import { OrganizationAlreadyExists } from './errors.ts';
import { Organization } from './organization.ts';
import { lockOrganization } from './organization-store.ts';
import { violatesUniqueness } from './unique-violation.ts';

export const updateOrganization = endpoint(
  {
    operation: 'updateOrganization',
    method: 'patch',
    path: '/organizations/:org_id',
    summary: 'Change name or domain of an organization',
    description: 'Fields left out keep their value; null clears the domain.',
    caller: 'admin',
    clients: true,
    params: z.object({ org_id: Id }),
    body: z
      .object({ name: Name.optional(), domain: z.union([Domain, z.null()]).optional() })
      .meta({ examples: [{ domain: 'acme.example' }] }),
    answer: z.object({
      organization: Organization.pick({ id: true, name: true, domain: true }),
    }),
    message: 'Organization updated successfully',
    messageInData: true,
    errors: [OrganizationAlreadyExists],
  },
  async ({ params, body, db, emit }) => {
    const before = await lockOrganization(db, params.org_id);
    const { id, plan } = before;
    const name = body.name ?? before.name;
    const domain = body.domain === undefined ? before.domain : body.domain;
    const fields = [
      ...(name === before.name ? [] : ['name']),
      ...(domain === before.domain ? [] : ['domain']),
    ];
    if (fields.length > 0) {
      await db('organizations')
        .where({ id })
        .update({
          ...(name === before.name ? {} : { name, ...nameKeys(name) }),
          domain,
          updated_at: db.fn.now(),
        })
        .catch(cause => {
          throw violatesUniqueness(cause) ? OrganizationAlreadyExists() : cause;
        });
      const changes = changesOf(before, { name, domain });
      const data = { organization_id: id, fields, name, plan, changes };
      await emit(organizationUpdated, { aggregateId: id, organizationId: id, data });
    }
    return { organization: { id, name, domain } };
  },
);
