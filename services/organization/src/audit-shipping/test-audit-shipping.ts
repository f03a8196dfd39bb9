import { Id, withinOrganization } from '@rivergate/endpoint';
import { z } from 'zod';
import { headOf, shownHead } from '../audit/chain-store.ts';
import { endpoint } from '../endpoint.ts';
import { enterOrganization } from '../organizations/organization-store.ts';
import { headRecord, logsRequest } from './otlp.ts';
import { send } from './send.ts';
import { ShippingNotFound } from './shipping.ts';
import { shippingOf } from './shipping-store.ts';

export const testAuditShipping = endpoint(
  {
    operation: 'testAuditShipping',
    method: 'post',
    path: '/organizations/:org_id/audit-shipping/test',
    summary: 'Try whether the collector takes what is sent',
    description: 'Sends the head of the audit log, now, and changes nothing of what is sent otherwise.',
    caller: 'admin',
    session: true,
    rateLimit: 'audit_shipping_test',
    params: z.object({ org_id: Id }),
    answer: z.object({
      delivered: z.boolean(),
      error: z
        .string()
        .nullable()
        .meta({ examples: ['The collector answered 401'] }),
    }),
    message: 'Audit log shipping tried',
    errors: [ShippingNotFound],
    idempotency: false,
  },
  {
    async prepare({ params: { org_id: organizationId }, knex, ...tools }) {
      const { row, head } = await knex.transaction(async db => {
        await enterOrganization(db, organizationId);
        return { row: await shippingOf(db, organizationId), head: await headOf(db, organizationId) };
      });
      if (!row) throw ShippingNotFound();
      return await send(tools, row, logsRequest(organizationId, [headRecord(shownHead(head))]));
    },
    async handle({ params, db, prepared: error }) {
      await withinOrganization(db, params.org_id);
      return { delivered: error === null, error };
    },
  },
);
