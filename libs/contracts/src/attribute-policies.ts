import { Id, OrganizationNotFound, spec } from '@rivergate/endpoint';
import { z } from 'zod';
import { DECIDING } from './deciding.ts';

/** What who decides about a request asks where organization says that the organization has policies by attributes. */
export const attributePolicies = spec({
  owner: 'sso',
  operation: 'getAttributePolicies',
  method: 'get',
  path: '/internal/organizations/:organization_id/attribute-policies',
  summary: 'Policies by attributes of an organization, in the order in which they are asked',
  caller: 'internal',
  callers: DECIDING,
  params: z.object({ organization_id: Id }),
  answer: z.object({
    policies: z.array(
      z.object({
        id: Id,
        revision: z.int(),
        name: z.string(),
        effect: z.enum(['allow', 'deny']),
        mode: z.enum(['enforce', 'report']),
        condition: z.record(z.string(), z.unknown()),
      }),
    ),
  }),
});

/**
 * Before the first is made: from then on who decides about requests in the organization asks sso, and where that cannot
 * be had, nothing is allowed.
 */
export const useAttributePolicies = spec({
  owner: 'organization',
  operation: 'useAttributePolicies',
  method: 'put',
  path: '/internal/organizations/:organization_id/attribute-policies',
  summary: 'Have policies by attributes asked for about an organization',
  caller: 'internal',
  callers: ['sso'],
  params: z.object({ organization_id: Id }),
  answer: z.object({}),
  errors: [OrganizationNotFound],
});
