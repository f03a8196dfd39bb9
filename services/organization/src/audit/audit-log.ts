import { Id, Timestamp } from '@rivergate/endpoint';
import { z } from 'zod';

const EXAMPLE = '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08';

export const Hash = z
  .string()
  .min(64)
  .max(64)
  .meta({ description: 'SHA-256 in hex', examples: [EXAMPLE] });
const Salt = z
  .string()
  .nullable()
  .meta({
    description: '16 bytes in hex; null when what it was for has been erased',
    examples: ['0f8c1c0e3f434a5e9a516a7b1c2d3e4f'],
  });

/** An entry as it is listed, exported and shipped. What is hashed how, docs/audit-log.md says. */
export const AuditLog = z
  .object({
    id: Id,
    organization_id: Id.nullable(),
    action: z.string().meta({ examples: ['member.added'] }),
    actor: z.string().meta({ description: 'User id, `service:<name>` or `anonymous`', examples: ['7'] }),
    actor_user_id: Id.nullable(),
    impersonator_user_id: Id.nullable().meta({ description: 'Who did it in the name of that user' }),
    subject: z.string().meta({ description: 'Id of what it happened to', examples: ['12'] }),
    ip_address: z
      .string()
      .nullable()
      .meta({ examples: ['203.0.113.7'] }),
    user_agent: z
      .string()
      .nullable()
      .meta({ examples: ['curl/8.5.0'] }),
    request_id: z
      .string()
      .nullable()
      .meta({ examples: ['5f0c1c0e-3f43-4a5e-9a51-6a7b1c2d3e4f'] }),
    metadata: z.record(z.string(), z.unknown()).meta({
      description: 'Particulars; of a change, `changes` says each field before and after',
    }),
    created_at: Timestamp.meta({ description: 'When it happened' }),
    event_id: z
      .string()
      .nullable()
      .meta({ examples: ['0d5a1f8e-7c1b-4f0e-9b0a-2f6f4c1f7a55'] }),
    chain: z
      .object({
        sequence: z
          .int()
          .meta({ description: 'Place in the log of the organization, from 1 on without a gap' }),
        recorded_at: Timestamp.meta({ description: 'When it came into the log' }),
        personal: z
          .array(z.string().meta({ examples: ['email'] }))
          .meta({ description: 'Fields of the metadata that can be erased' }),
        origin_salt: Salt,
        origin_hash: Hash.meta({ description: 'Over address and user agent' }),
        personal_salt: Salt,
        personal_hash: Hash.nullable(),
        previous_hash: Hash.meta({ description: 'Of the entry before' }),
        hash: Hash,
      })
      .meta({ id: 'AuditLogLink' }),
  })
  .meta({ id: 'AuditLogEntry' });

/** How far the log of an organization reaches: kept elsewhere, it shows whether the log is still the one that it was. */
export const AuditHead = z
  .object({
    organization_id: Id,
    sequence: z.int().meta({ description: 'Entries so far, removed ones included' }),
    hash: Hash.meta({ description: 'Of the last entry' }),
    root_hash: Hash.meta({ description: 'Of the Merkle tree over all entries (RFC 9162, section 2.1)' }),
    recorded_at: Timestamp.nullable().meta({ description: 'When the last entry came' }),
    start_sequence: z
      .int()
      .meta({ description: 'Of the last entry that retention removed; 0 where there is none' }),
    start_hash: Hash,
  })
  .meta({ id: 'AuditLogHead' });
export type AuditHead = z.output<typeof AuditHead>;
