import { consistencyRanges } from '@rivergate/audit-chain';
import { Id } from '@rivergate/endpoint';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { enterOrganization } from '../organizations/organization-store.ts';
import { AuditHead, Hash } from './audit-log.ts';
import { headOf, rootsOver, shownHead } from './chain-store.ts';
import { AuditHeadTooOld, AuditLogShorter } from './errors.ts';

export const getAuditHead = endpoint(
  {
    operation: 'getAuditLogHead',
    method: 'get',
    path: '/organizations/:org_id/audit-logs/head',
    summary: 'Head of the audit log, to be kept elsewhere',
    description:
      'Who keeps it can show later that no entry up to it was changed, removed or put in between. With `since`, the answer ' +
      'proves that the log began as an earlier head says (RFC 9162, section 2.1.4).',
    caller: 'admin',
    clients: true,
    params: z.object({ org_id: Id }),
    query: z.object({
      since: z.int().min(1).optional().meta({ description: 'The sequence of an earlier head' }),
    }),
    answer: z.object({
      head: AuditHead,
      consistency: z
        .array(Hash)
        .nullable()
        .meta({ description: 'Hashes of the proof, in hex; null without `since`' }),
    }),
    message: 'Audit log head retrieved successfully',
    errors: [AuditHeadTooOld, AuditLogShorter],
  },
  async ({ params, query: { since }, db }) => {
    await enterOrganization(db, params.org_id);
    const row = await headOf(db, params.org_id);
    const head = shownHead(row);
    if (since === undefined) return { head, consistency: null };
    if (since > row.sequence) throw AuditLogShorter();
    const proof =
      since < row.start_sequence
        ? undefined
        : await rootsOver(db, row, consistencyRanges(since, row.sequence));
    if (!proof) throw AuditHeadTooOld();
    return { head, consistency: proof.map(hash => hash.toString('hex')) };
  },
);
