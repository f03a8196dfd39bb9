import { anonymous, type Principal } from '@rivergate/caller';
import { type EndpointSpec, Failure, requireRights } from '@rivergate/endpoint';
import type { Knex } from 'knex';
import { JobRightLost, type JobRow } from './job.ts';
import type { JobKind } from './kind.ts';
import type { Workshop } from './workshop.ts';

/** Whoever started the job, without any right: those are asked for whenever they are needed, and kept nowhere. */
export function starterOf(job: JobRow): Principal {
  return {
    ...anonymous(job.request.ip),
    kind: 'user',
    userId: job.created_by,
    sessionId: job.session_id,
    organizationId: job.organization_id,
    isSystemAdmin: job.by_system_admin,
  };
}

/**
 * The starter with what they may do now.
 *
 * @throws JobRightLost when they could not start the job any more, UpstreamUnavailable when that cannot be known
 */
export async function entitledStarter(
  { spec }: Pick<JobKind, 'spec'>,
  job: JobRow,
  { standing }: Pick<Workshop, 'standing'>,
  db: Knex.Transaction,
): Promise<Principal> {
  const principal = await standing(starterOf(job), db);
  try {
    // As the gateway and the endpoint would: for the organization that the path names.
    const named = { path: spec.path, caller: spec.caller } as EndpointSpec;
    return requireRights(named, principal, { params: { org_id: job.organization_id } });
  } catch (cause) {
    if (!(cause instanceof Failure)) throw cause;
    throw JobRightLost(
      cause.status === 404
        ? 'Whoever started this job is no active member of the organization any more'
        : `Whoever started this job may not do it any more: it takes ${neededRight(spec.caller)}`,
    );
  }
}

function neededRight(caller: string): string {
  return caller === 'admin' ? 'administrator of the organization' : caller.replace(/^perm:/, '');
}
