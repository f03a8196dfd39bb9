import { personalDataOf } from '@rivergate/contracts';
import {
  acrossOrganizations,
  type Endpoint,
  endpoints,
  type StreamTools,
  stream,
  withinOrganization,
} from '@rivergate/endpoint';
import type { Knex } from 'knex';
import type { ServiceName } from '../services.ts';
import type { DataSubject, PersonalData, PersonalDataPolicy } from './personal-data.ts';

/** Rows that are read, and held in memory, at once. */
const BATCH = 500;

type Row = Record<string, unknown>;
type Policy = Pick<PersonalDataPolicy, 'addressesOf'>;

/** Answers the service that gathers exports. */
export function exportEndpoint(
  service: ServiceName,
  policy: Policy,
  held: readonly PersonalData[],
): Endpoint {
  const endpoint = endpoints();
  return endpoint(personalDataOf(service), async ({ params, query }) => {
    const whom = { userId: params.user_id, organizationId: query.organization_id ?? null };
    const shown = held.filter(({ shows, restricted }) => shows.length > 0 && (query.in_full || !restricted));
    return stream('application/x-ndjson', ({ within }) => rowsOf(within, policy, shown, whom));
  });
}

async function* rowsOf(
  within: StreamTools['within'],
  { addressesOf }: Policy,
  held: readonly PersonalData[],
  whom: Omit<DataSubject, 'addresses'>,
) {
  const subject = await within(async db => {
    await bindTo(db, whom);
    return { ...whom, addresses: await addressesOf(db, whom) };
  });
  for (const { table: section, rows, shows, pagedBy } of held) {
    let last: unknown;
    for (;;) {
      const batch = await within(async (db): Promise<Row[]> => {
        await bindTo(db, subject);
        const found = rows(db, subject);
        if (!found) return [];
        if (pagedBy) {
          if (last !== undefined) found.where(pagedBy, '>', last as never);
          found.orderBy(pagedBy).limit(BATCH);
        }
        return await found.select(shows);
      });
      if (batch.length > 0) yield batch.map(row => ({ section, row }));
      if (!pagedBy || batch.length < BATCH) break;
      last = batch.at(-1)![pagedBy];
    }
  }
}

/** What belongs to an organization is looked for under its row-level security, whatever a `where` forgets. */
export async function bindTo(
  db: Knex.Transaction,
  { organizationId }: Pick<DataSubject, 'organizationId'>,
): Promise<void> {
  if (organizationId === null) await acrossOrganizations(db);
  else await withinOrganization(db, organizationId);
}
