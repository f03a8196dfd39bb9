import { Failure, failureAnswer, type ScimRefusal } from '@rivergate/endpoint';
import { noteAttempt } from '../attempts/attempt-store.ts';
import type { Acting, Asked, Change, Changed } from '../change.ts';
import { within } from '../change-endpoint.ts';
import { createGroup, deleteGroup, patchGroup, replaceGroup } from '../groups/changes.ts';
import { InvalidValue } from '../protocol/errors.ts';
import { PATCH_OP } from '../protocol/patch.ts';
import { recording } from '../recording.ts';
import { createUser } from '../users/create.ts';
import { deleteUser } from '../users/delete.ts';
import { patchUser, replaceUser } from '../users/update.ts';
import type { BulkMethod, BulkOperation, BulkRequest } from './bulk-request.ts';
import { referenceIn, referencesIn, resolved, withoutOpenMembers } from './references.ts';

const CHANGES: Record<BulkOperation['resource'], Record<BulkMethod, Change>> = {
  Users: { POST: createUser, PUT: replaceUser, PATCH: patchUser, DELETE: deleteUser },
  Groups: { POST: createGroup, PUT: replaceGroup, PATCH: patchGroup, DELETE: deleteGroup },
};

/** What became of an operation (RFC 7644, section 3.7.3). */
export interface BulkResult {
  method: BulkMethod;
  bulkId?: string;
  version?: string;
  location?: string;
  status: string;
  response?: ScimRefusal;
}

/**
 * Does the operations of a bulk, each in a transaction of its own: in their order, but what refers to another after that. Of
 * groups that are members of each other, members are added when both are there.
 */
export async function carryOutBulk(
  { operations, failOnErrors }: BulkRequest,
  acting: Acting,
): Promise<BulkResult[]> {
  const results = new Map<BulkOperation, BulkResult>();
  const ids = new Map<string, string>();
  const later: { group: string; members: unknown[] }[] = [];
  const failed = new Set<string>();
  let failures = 0;

  const settle = (operation: BulkOperation, outcome: Changed | Failure) => {
    const { method, bulkId, id, resource } = operation;
    const named = bulkId === undefined ? {} : { bulkId };
    if (!(outcome instanceof Failure)) {
      if (bulkId !== undefined) ids.set(bulkId, String(outcome.id));
      const { version, status } = outcome;
      const location = outcome.location ?? `${acting.base}/${resource}/${outcome.id}`;
      results.set(operation, {
        method,
        ...named,
        ...(version ? { version } : {}),
        location,
        status: String(status),
      });
      return;
    }
    failures += 1;
    if (bulkId !== undefined) failed.add(bulkId);
    const answer = failureAnswer(outcome, acting.request.id, { protocol: 'scim' });
    results.set(operation, {
      method,
      ...named,
      ...(method === 'POST' ? {} : { location: `${acting.base}/${resource}/${id}` }),
      status: String(answer.status),
      response: answer.payload as ScimRefusal,
    });
  };
  const doOne = async (operation: BulkOperation, data = operation.data) => {
    const id = ids.get(referenceIn(operation.id) ?? '') ?? operation.id;
    const asked = { id, body: resolved(data, ids) as Asked['body'], ifMatch: operation.version };
    const change = CHANGES[operation.resource][operation.method];
    settle(operation, await refusalOr(() => carriedOut(change, asked, acting)));
  };
  // Found once: who waits for whom is asked after each operation.
  const references = new Map(operations.map(one => [one, [...referencesIn([one.data, one.id])]]));
  const openIn = (operation: BulkOperation) => references.get(operation)!.filter(named => !ids.has(named));

  let waiting = operations;
  while (waiting.length > 0 && failures < failOnErrors) {
    const known = new Set(waiting.map(({ bulkId }) => bulkId));
    const [next = waiting[0]!, open] = nextOf(waiting, openIn, known);
    waiting = waiting.filter(operation => operation !== next);
    if (open.length === 0) await doOne(next);
    else if (next.resource === 'Groups' && next.method === 'POST' && open.every(name => known.has(name))) {
      const { data, open: members } = withoutOpenMembers(next.data, ids);
      await doOne(next, data);
      const group = ids.get(next.bulkId!);
      if (group !== undefined) later.push({ group, members });
    } else settle(next, InvalidValue(`bulkId:${open[0]} names nothing that was made`));
  }
  for (const { group, members } of later) {
    const there = members.filter(member => ![...referencesIn(member)].some(named => failed.has(named)));
    const Operations = [{ op: 'add', path: 'members', value: resolved(there, ids) }];
    const body = { schemas: [PATCH_OP], Operations };
    await refusalOr(() => carriedOut(patchGroup, { id: group, body, ifMatch: undefined }, acting));
  }
  return operations.flatMap(operation => results.get(operation) ?? []);
}

/** The first that refers to nothing that is not there; else the first group that waits for others, else any. */
function nextOf(
  waiting: readonly BulkOperation[],
  openIn: (operation: BulkOperation) => string[],
  known: ReadonlySet<string | undefined>,
): [BulkOperation | undefined, string[]] {
  const ready = waiting.find(operation => openIn(operation).every(name => !known.has(name)));
  const chosen =
    ready ??
    waiting.find(({ resource, method }) => resource === 'Groups' && method === 'POST') ??
    waiting[0]!;
  return [chosen, openIn(chosen)];
}

/** One change, as a request of its own would make it. */
async function carriedOut(change: Change, asked: Asked, acting: Acting): Promise<Changed | Failure> {
  const prepared = await refusalOr(() => change.prepare(asked, acting));
  const outcome = await acting.briefly(async db => {
    const emit = recording(db, acting);
    const outcome =
      prepared instanceof Failure
        ? prepared
        : await within(db, db => change.carryOut(asked, prepared, { ...acting, db, emit }));
    await noteAttempt(db, acting, change, asked, outcome);
    return outcome;
  });
  if (outcome instanceof Failure && !(prepared instanceof Failure)) await change.undo?.(prepared, acting);
  return outcome;
}

/** What one operation is refused stands in its result; a token that has ended ends all of them. */
async function refusalOr<Result>(work: () => Promise<Result>): Promise<Result | Failure> {
  try {
    return await work();
  } catch (cause) {
    if (cause instanceof Failure && cause.status !== 401) return cause;
    throw cause;
  }
}
