import {
  ENTRY_COLUMNS,
  entryFault,
  inclusionRanges,
  isIncluded,
  rootOf,
  type StoredEntry,
  storedEntry,
} from '@rivergate/audit-chain';
import { Id } from '@rivergate/endpoint';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { enterOrganization } from '../organizations/organization-store.ts';
import { AuditHead, AuditLog, Hash } from './audit-log.ts';
import { entriesAfter } from './audit-log-store.ts';
import { headOf, rootsOver, shownHead } from './chain-store.ts';
import { AuditEntryNotFound } from './errors.ts';

export const proveAuditEntry = endpoint(
  {
    operation: 'proveAuditLogEntry',
    method: 'get',
    path: '/organizations/:org_id/audit-logs/:entry_id/proof',
    summary: 'Proof that an entry is in the audit log as it was written',
    description:
      'Whoever has a head from elsewhere need not believe this server: the hash of the entry, made anew from what it says, and ' +
      'the path lead to the root hash of the head (RFC 9162, section 2.1.3).',
    caller: 'admin',
    clients: true,
    params: z.object({ org_id: Id, entry_id: Id }),
    answer: z.object({
      entry: AuditLog,
      next_hash: Hash.nullable().meta({ description: 'Hash of the entry after it; null of the last one' }),
      head: AuditHead,
      leaf_index: z.int(),
      path: z.array(Hash).meta({ description: 'Hashes from the leaf to the root, in hex' }),
      fault: z
        .string()
        .nullable()
        .meta({
          description:
            'What the server itself finds wrong with the entry or its proof; null where nothing is',
          examples: [null],
        }),
    }),
    message: 'Audit log entry proved',
    errors: [AuditEntryNotFound],
  },
  async ({ params: { org_id: organizationId, entry_id: id }, db }) => {
    await enterOrganization(db, organizationId);
    const row: StoredEntry | undefined = await db('audit_log')
      .where({ organization_id: organizationId, id })
      .first(ENTRY_COLUMNS);
    if (!row) throw AuditEntryNotFound();
    const head = await headOf(db, organizationId);
    const entry = storedEntry(row);
    const index = row.sequence - 1;
    const isWithin = index < head.sequence;
    const path = isWithin ? await rootsOver(db, head, inclusionRanges(index, head.sequence)) : undefined;
    const [next] = await entriesAfter(db, organizationId, row.sequence, 1);
    const root = rootOf(head.peaks);
    const leads = path && isIncluded(row.hash, index, { size: head.sequence, root, path });
    return {
      entry,
      next_hash: next?.hash.toString('hex') ?? null,
      head: shownHead(head),
      leaf_index: index,
      path: (path ?? []).map(hash => hash.toString('hex')),
      fault: entryFault(entry) ?? (leads ? null : 'does not lead to the head of the log'),
    };
  },
);
