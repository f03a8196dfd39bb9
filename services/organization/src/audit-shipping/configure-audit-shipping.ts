import { Id } from '@rivergate/endpoint';
import { auditShippingConfigured } from '@rivergate/events';
import { z } from 'zod';
import { headOf } from '../audit/chain-store.ts';
import { endpoint } from '../endpoint.ts';
import { lockOrganization } from '../organizations/organization-store.ts';
import { requireReachable } from '../reachable-url.ts';
import { sealedFor } from './send.ts';
import { Shipping, ShippingChange, shownShipping } from './shipping.ts';
import { putShipping, shippingOf } from './shipping-store.ts';

export const configureAuditShipping = endpoint(
  {
    operation: 'configureAuditShipping',
    method: 'put',
    path: '/organizations/:org_id/audit-shipping',
    summary: 'Have the audit log sent to a collector of your own',
    description:
      'By OTLP over HTTP, which the OpenTelemetry Collector and most platforms for logs take: in order, and again until it is ' +
      'taken. What is left out is as if it had never been said, the header too.',
    caller: 'admin',
    session: true,
    fresh: true,
    params: z.object({ org_id: Id }),
    body: ShippingChange,
    answer: z.object({ shipping: Shipping }),
    message: 'Audit log shipping configured',
  },
  {
    prepare: ({ body, outbound }) => requireReachable(outbound, body.url),
    async handle({ params: { org_id: organizationId }, body, db, emit, secretBox }) {
      await lockOrganization(db, organizationId);
      const { url, header, from } = body;
      const before = await shippingOf(db, organizationId);
      const { sequence } = await headOf(db, organizationId);
      const begin = from === 'now' ? sequence : from === 'start' ? 0 : undefined;
      const row = await putShipping(
        db,
        {
          organization_id: organizationId,
          url,
          header_name: header?.name ?? null,
          header_sealed: header ? secretBox.seal(header.value, sealedFor(organizationId)) : null,
        },
        begin,
      );
      const data = {
        organization_id: organizationId,
        url,
        header_name: row.header_name,
        from_sequence: row.sequence,
        changes: {
          url: { before: before?.url ?? null, after: url },
          header_name: { before: before?.header_name ?? null, after: row.header_name },
        },
      };
      await emit(auditShippingConfigured, { aggregateId: organizationId, organizationId, data });
      return { shipping: shownShipping(row, sequence) };
    },
  },
);
