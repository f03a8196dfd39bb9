import { Id } from '@rivergate/endpoint';
import { z } from 'zod';
import { headOf } from '../audit/chain-store.ts';
import { endpoint } from '../endpoint.ts';
import { enterOrganization } from '../organizations/organization-store.ts';
import { Shipping, ShippingNotFound, shownShipping } from './shipping.ts';
import { shippingOf } from './shipping-store.ts';

export const getAuditShipping = endpoint(
  {
    operation: 'getAuditShipping',
    method: 'get',
    path: '/organizations/:org_id/audit-shipping',
    summary: 'Where the audit log is sent, and how far it is',
    caller: 'admin',
    clients: true,
    params: z.object({ org_id: Id }),
    answer: z.object({ shipping: Shipping }),
    message: 'Audit log shipping retrieved',
    errors: [ShippingNotFound],
  },
  async ({ params: { org_id: organizationId }, db }) => {
    await enterOrganization(db, organizationId);
    const row = await shippingOf(db, organizationId);
    if (!row) throw ShippingNotFound();
    return { shipping: shownShipping(row, (await headOf(db, organizationId)).sequence) };
  },
);
