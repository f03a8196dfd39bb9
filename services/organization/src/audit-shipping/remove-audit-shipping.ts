import { deletion, Id } from '@rivergate/endpoint';
import { auditShippingRemoved } from '@rivergate/events';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { lockOrganization } from '../organizations/organization-store.ts';
import { ShippingNotFound } from './shipping.ts';
import { shippingOf } from './shipping-store.ts';

const removed = deletion('audit_shipping');

export const removeAuditShipping = endpoint(
  {
    operation: 'removeAuditShipping',
    method: 'delete',
    path: '/organizations/:org_id/audit-shipping',
    summary: 'Send the audit log nowhere any more',
    caller: 'admin',
    session: true,
    fresh: true,
    params: z.object({ org_id: Id }),
    answer: removed.answer,
    message: 'Audit log shipping removed',
    errors: [ShippingNotFound],
  },
  async ({ params: { org_id: organizationId }, db, emit }) => {
    await lockOrganization(db, organizationId);
    const row = await shippingOf(db, organizationId);
    if (!row) throw ShippingNotFound();
    await db('audit_shipping').where({ organization_id: organizationId }).delete();
    const data = { organization_id: organizationId, url: row.url, shipped_sequence: row.sequence };
    await emit(auditShippingRemoved, { aggregateId: organizationId, organizationId, data });
    return removed.of(organizationId);
  },
);
