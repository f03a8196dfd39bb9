import { HOLDERS_OF_PERSONAL_DATA, type PersonalRow, personalDataOf } from '@rivergate/contracts';
import { type Call, Id, Timestamp } from '@rivergate/endpoint';
import { z } from 'zod';

/** What an export is: the rows of each service by their tables. A table with none is not in it. */
export const Archive = z
  .object({
    user_id: Id,
    organization_id: Id.nullable().meta({ description: 'To which it is confined; null: everything' }),
    exported_at: Timestamp,
    in_full: z.boolean().meta({
      description: 'False where what only administrators and the user are shown is left out',
    }),
    services: z.record(z.string(), z.record(z.string(), z.array(z.record(z.string(), z.unknown())))),
  })
  .meta({ id: 'UserArchive' });

export interface Exported {
  userId: number;
  /** Null: all that the fleet holds on the user. */
  organizationId: number | null;
  inFull: boolean;
}

type Source = readonly [service: string, rows: AsyncIterable<z.output<typeof PersonalRow>>];

/** Milliseconds until each service has begun to answer. */
const PATIENCE = 5_000;

/**
 * The archive in its envelope, piece by piece; nothing of it is held. It begins when every service that holds something on
 * people has begun to answer, and breaks off where one does: none lacks something without saying so.
 *
 * @throws UpstreamUnavailable
 */
export async function* archive(call: Call, exported: Exported, message: string): AsyncGenerator<string> {
  const { userId: user_id, organizationId: organization_id, inFull: in_full } = exported;
  const input = {
    params: { user_id },
    query: { in_full, ...(organization_id === null ? {} : { organization_id }) },
  };
  const unread = new Set<Source>();
  try {
    const asked = await Promise.allSettled(
      HOLDERS_OF_PERSONAL_DATA.map(async service => {
        const rows = await call(personalDataOf(service), input, { deadline: PATIENCE });
        unread.add([service, rows]);
      }),
    );
    for (const answer of asked) if (answer.status === 'rejected') throw answer.reason;
    const head = { user_id, organization_id, exported_at: new Date(), in_full };
    yield `{"success":true,"data":${JSON.stringify(head).slice(0, -1)},"services":{`;
    let before = '';
    for (const source of unread) {
      unread.delete(source);
      yield `${before}${JSON.stringify(source[0])}:`;
      yield* sections(source[1]);
      before = ',';
    }
    yield `}},"message":${JSON.stringify(message)}}`;
  } finally {
    // Leaving an iteration lets go of the connection, which an iteration that never began would hold.
    for (const [, rows] of unread) for await (const _ of rows) break;
  }
}

/** Rows of one table come one after the other. */
async function* sections(rows: Source[1]): AsyncGenerator<string> {
  let open: string | undefined;
  for await (const { section, row } of rows) {
    const before = open === undefined ? '{' : '],';
    yield (section === open ? ',' : `${before}${JSON.stringify(section)}:[`) + JSON.stringify(row);
    open = section;
  }
  yield open === undefined ? '{}' : ']}';
}
