import { Id, Timestamp } from '@rivergate/endpoint';
import { z } from 'zod';
import { CHECKS, recordOf } from './challenge.ts';
import type { DomainRow } from './domain-store.ts';

/** A domain as its organization sees it. */
export const ClaimedDomain = z
  .object({
    id: Id,
    domain: z.string().meta({
      description: 'In lower case, an international one in its ASCII form',
      examples: ['acme.com'],
    }),
    status: z.enum(['pending', 'verified']),
    record: z
      .object({
        type: z.literal('TXT'),
        name: z.string().meta({ examples: ['_rivergate-challenge.acme.com'] }),
        value: z.string().meta({ examples: ['rivergate-verification=v0Jm3…'] }),
      })
      .meta({ description: 'What has to stand in DNS, and to stay there' }),
    instructions: z.string().meta({
      description: 'The same in words, for whoever administers the DNS',
      examples: ['Add this record to the DNS of acme.com: type TXT, name …'],
    }),
    verified_at: Timestamp.nullable(),
    last_checked_at: Timestamp.nullable(),
    last_check: z.enum(CHECKS).nullable().meta({
      description: 'alias: the name is a CNAME, which does not count; unreachable: no answer of DNS',
    }),
    missing_since: Timestamp.nullable().meta({
      description: 'Of a verified one, since when DNS answers without the record: after some days it is lost',
    }),
    created_at: Timestamp,
  })
  .meta({ id: 'ClaimedDomain' });

export function shownDomain(row: DomainRow) {
  const { id, domain, verified_at, last_checked_at, last_check, missing_since, created_at } = row;
  const record = recordOf(row);
  return {
    id,
    domain,
    status: verified_at ? ('verified' as const) : ('pending' as const),
    record,
    instructions: instructionsFor(domain, record),
    verified_at,
    last_checked_at,
    last_check,
    missing_since,
    created_at,
  };
}

const instructionsFor = (domain: string, { name, value }: ReturnType<typeof recordOf>): string =>
  `Add this record to the DNS of ${domain}, and leave it there, since it is looked for again every day: ` +
  `type TXT, name ${name}, value ${value}. Many providers add the name of the zone by themselves: ` +
  'there, enter the name without it. The record must stand at this very name, not behind a CNAME.';
