import { isDeepStrictEqual } from 'node:util';
import { UpstreamUnavailable } from '@rivergate/endpoint';
import { scimUserUpdated } from '@rivergate/events';
import { versionTag } from '../answer.ts';
import { countDeprovisioning } from '../brake/brake.ts';
import { type Asked, change, requireVersion } from '../change.ts';
import { patched, readOperations } from '../protocol/patch.ts';
import { UserType } from '../protocol/schemas.ts';
import { type Document, readDocument } from '../protocol/value.ts';
import { enabledSettings, type Settings } from '../settings/settings.ts';
import { attributesOf, requireFreeName, type UserRow, updateUser, userOf } from '../store/user-store.ts';
import { accountOf, requireAddress } from './account.ts';
import { changeMember, type MemberChange } from './change-member.ts';
import { userAnswer } from './user-answer.ts';

/** What a request makes of the attributes of a user. */
type Making = (before: Document) => Document;

interface Prepared {
  make: Making;
  /** The user as the client's version was compared. */
  read: UserRow;
  settings: Settings;
  /** What organization was asked to change. */
  wanted: MemberChange;
}

/**
 * A change of attributes. What of it is the account's, or the membership's, organization does first, and can refuse; what is
 * kept of it here is made from the row as it is then, under its lock.
 */
const updating = (operation: string, making: (body: Asked['body']) => Making) =>
  change<Prepared>({
    operation,
    resource: 'user',
    async prepare({ id, body, ifMatch }, acting) {
      const { organizationId } = acting.caller;
      const make = making(body);
      const { row, settings, wanted } = await acting.briefly(async db => {
        const settings = await enabledSettings(db, organizationId);
        const row = await userOf(db, organizationId, id);
        requireVersion(ifMatch, versionTag(row.version));
        const { after, wanted } = compared(row, make, settings);
        if (String(after.userName).toLowerCase() !== row.user_name.toLowerCase())
          await requireFreeName(db, organizationId, String(after.userName), row.user_id);
        return { row, settings, wanted };
      });
      if (wanted.active === false) await countDeprovisioning(acting, row.user_id);
      if (Object.keys(wanted).length > 0) await changeMember(acting, row.user_id, wanted);
      return { make, read: row, settings, wanted };
    },
    async carryOut(asked, { make, read, settings, wanted }, { db, emit, caller, base }) {
      const { organizationId } = caller;
      const row = await userOf(db, organizationId, asked.id, { locked: true });
      if (!isOwnDoing(read, row, wanted)) requireVersion(asked.ifMatch, versionTag(row.version));
      const { before, after, wanted: left } = compared(row, make, settings);
      // Another request has changed meanwhile what organization was to be told.
      if (!agrees(left, wanted))
        throw UpstreamUnavailable('The user is being changed by another request; send this again');
      const fields = fieldsOf(before, after);
      if (fields.length === 0) return await userAnswer(db, row, asked, base);
      const changed = await updateUser(db, row, after);
      const data = { organization_id: organizationId, user_id: row.user_id, fields };
      await emit(scimUserUpdated, { aggregateId: row.user_id, data });
      return await userAnswer(db, changed, asked, base);
    },
  });

function compared(row: UserRow, make: Making, settings: Settings) {
  const before = attributesOf(row);
  const { password, ...after } = make(before);
  const mapping = settings.attribute_mapping;
  const [was, is] = [accountOf(before, mapping), accountOf(after, mapping)];
  const wanted: MemberChange = {
    ...(after.active === undefined || after.active === (row.status === 'active')
      ? {}
      : { active: after.active === true }),
    ...(is.email === was.email ? {} : { email: requireAddress(is, mapping) }),
    ...(is.displayName === was.displayName || is.displayName === null
      ? {}
      : { display_name: is.displayName }),
    ...(password === undefined ? {} : { password: String(password) }),
  };
  return { before, after: after as Document, wanted };
}

/** Whether nothing has changed since but what organization was told, of which the event was here first. */
const isOwnDoing = (read: UserRow, row: UserRow, { active }: MemberChange): boolean =>
  active !== undefined &&
  isDeepStrictEqual(attributesOf(row), attributesOf({ ...read, status: active ? 'active' : 'suspended' }));

/** Whether all that is to be told now was told; an event of it may have been here already. */
const agrees = (left: MemberChange, told: MemberChange): boolean =>
  Object.entries(left).every(([name, value]) => told[name as keyof MemberChange] === value);

const fieldsOf = (before: Document, after: Document): string[] =>
  [...new Set([...Object.keys(before), ...Object.keys(after)])]
    .filter(name => !isDeepStrictEqual(before[name], after[name]))
    .toSorted();

export const patchUser = updating('patchUser', body => {
  const operations = readOperations(UserType, body);
  return before => patched(UserType, before, operations);
});

/** What is left out is gone (RFC 7644, section 3.5.1), but for the membership, which is suspended by saying so alone. */
export const replaceUser = updating('replaceUser', body => {
  const sent = readDocument(UserType, body);
  return ({ active }) => ({ ...(active === undefined ? {} : { active }), ...sent });
});
