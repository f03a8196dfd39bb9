import { admits, canonicalNetwork, type Principal } from '@rivergate/caller';
import { displayText, ValidationFailed } from '@rivergate/endpoint';
import type { Knex } from 'knex';
import { z } from 'zod';

/** Networks that one organization may list. */
const MOST_NETWORKS = 1_000;
/** Bytes of a list as JSON: an event holds it three times, as it was, as it is and among all settings. */
const MOST_BYTES = 60_000;

const EXAMPLE = { network: '203.0.113.0/24', description: 'Office' };

/** A network from which an organization admits requests. */
export const ListedNetwork = z
  .object({
    network: z.string().meta({ description: 'CIDR notation, IPv4 or IPv6' }),
    description: z.string().nullable(),
  })
  .meta({ id: 'ListedNetwork', examples: [EXAMPLE] });
type ListedNetwork = z.output<typeof ListedNetwork>;

/** Kept in one spelling: as by the address of a request it is asked, so it has to be read in one way only. */
const Network = z
  .string()
  .trim()
  .max(64)
  .transform(text => canonicalNetwork(text) ?? '')
  .refine(network => network !== '', {
    error:
      'must be a network in CIDR notation such as 203.0.113.0/24 or 2001:db8::/32, without bits beyond its prefix',
    params: { code: 'invalid_format' },
  })
  .refine(network => !network.endsWith('/0'), {
    error: 'holds every address; leave the list empty to admit all',
    params: { code: 'too_big' },
  })
  .meta({ description: 'CIDR notation, IPv4 or IPv6; an address alone stands for itself' });

/** As given: each network once, with the first of its descriptions. */
export const NetworkList = z
  .array(
    z.strictObject({
      network: Network,
      description: z.union([displayText(50), z.null()]).default(null),
    }),
  )
  .max(MOST_NETWORKS)
  .transform(list => {
    const once = new Map<string, ListedNetwork>();
    for (const listed of list) if (!once.has(listed.network)) once.set(listed.network, listed);
    return [...once.values()];
  })
  .refine(list => Buffer.byteLength(JSON.stringify(list)) <= MOST_BYTES, {
    error: 'is too long with what is written to its networks; shorten that',
    params: { code: 'too_big' },
  });

/** @returns the networks alone, in CIDR notation */
export const networksOf = (list: readonly ListedNetwork[]): string[] => list.map(({ network }) => network);

/**
 * Nobody locks themselves out, nor everybody. Who administers the platform is let in from everywhere.
 *
 * @throws ValidationFailed where the list would not admit the caller
 */
export function requireOwnNetwork(
  { ip, isSystemAdmin }: Pick<Principal, 'ip' | 'isSystemAdmin'>,
  list: readonly ListedNetwork[] | undefined,
  field: string,
): void {
  if (list === undefined || isSystemAdmin || admits(networksOf(list), ip)) return;
  const reason = `does not hold the address of this request, ${ip ?? 'which is not known'}: it would lock you out`;
  throw ValidationFailed(undefined, [{ field, code: 'not_allowed', reason }]);
}

/**
 * Keeps to organizations o of a statement that admit the address: for lists over all organizations of a caller. Who
 * administers the platform is let in from everywhere.
 */
export function whereAdmitted(
  found: Knex.QueryBuilder,
  { ip, isSystemAdmin }: Pick<Principal, 'ip' | 'isSystemAdmin'>,
): void {
  if (isSystemAdmin) return;
  const list = "coalesce(o.settings #> '{network,ip_allow_list}', '[]')";
  found.whereRaw(
    `(${list} = '[]' or exists (select from jsonb_array_elements(${list}) as listed
       where cast(? as inet) <<= cast(listed ->> 'network' as cidr)))`,
    [ip],
  );
}
