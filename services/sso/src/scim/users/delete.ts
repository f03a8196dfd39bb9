import { removeProvisionedMember } from '@rivergate/contracts';
import { Failure } from '@rivergate/endpoint';
import { scimUserDeprovisioned } from '@rivergate/events';
import { versionTag } from '../answer.ts';
import { countDeprovisioning } from '../brake/brake.ts';
import { change, PATIENT, requireVersion } from '../change.ts';
import { LastAdministratorStays, ScimUserNotFound } from '../errors.ts';
import { enabledSettings } from '../settings/settings.ts';
import { forgetUser, userOf } from '../store/user-store.ts';

/** Ends the membership. What the person has made stays, and so does what is written down of them. */
export const deleteUser = change<{ userId: number }>({
  operation: 'deleteUser',
  resource: 'user',
  async prepare({ id, ifMatch }, acting) {
    const { organizationId } = acting.caller;
    const { user_id: userId } = await acting.briefly(async db => {
      await enabledSettings(db, organizationId);
      const row = await userOf(db, organizationId, id);
      requireVersion(ifMatch, versionTag(row.version));
      return row;
    });
    await countDeprovisioning(acting, userId);
    const params = { organization_id: organizationId, user_id: userId };
    await acting.call(removeProvisionedMember, { params }, PATIENT).catch(refused);
    return { userId };
  },
  async carryOut(_, { userId }, { db, emit, caller }) {
    const { organizationId } = caller;
    await forgetUser(db, { organization_id: organizationId, user_id: userId });
    const data = { organization_id: organizationId, user_id: userId };
    await emit(scimUserDeprovisioned, { aggregateId: userId, data });
    return { status: 204, id: userId };
  },
});

function refused(cause: unknown): never {
  if (!(cause instanceof Failure)) throw cause;
  if (cause.code === 'LAST_ADMINISTRATOR') throw LastAdministratorStays();
  if (cause.code === 'USER_NOT_FOUND' || cause.code === 'ORGANIZATION_NOT_FOUND') throw ScimUserNotFound();
  throw cause;
}
