import { changesOf, scimGroupCreated, scimGroupDeleted, scimGroupUpdated } from '@rivergate/events';
import { versionTag } from '../answer.ts';
import { type Asked, change, requireVersion, type Working } from '../change.ts';
import { type Operation, patched, readOperations } from '../protocol/patch.ts';
import { GroupType } from '../protocol/schemas.ts';
import { type Document, readDocument } from '../protocol/value.ts';
import { rolesAreDue } from '../roles.ts';
import { enabledSettings } from '../settings/settings.ts';
import { attributesOfGroup, type GroupRow, groupOf, insertGroup, updateGroup } from '../store/group-store.ts';
import { groupAnswer } from './group-answer.ts';
import { apart, changeMembers, setMembers } from './membership.ts';

/** The document without its members, and those as they came; undefined where the document does not say. */
interface SentGroup {
  attributes: Document;
  members: unknown;
}

/** Members are read apart: of them there may be thousands. */
function readGroup(body: Asked['body']): SentGroup {
  const isMembers = (key: string) =>
    key.toLowerCase().replace(`${GroupType.schema.id.toLowerCase()}:`, '') === 'members';
  const [, members] = Object.entries(body).find(([key]) => isMembers(key)) ?? [];
  const rest = Object.fromEntries(Object.entries(body).filter(([key]) => !isMembers(key)));
  return { attributes: readDocument(GroupType, rest), members };
}

export const createGroup = change<SentGroup>({
  operation: 'createGroup',
  resource: 'group',
  prepare: async ({ body }) => readGroup(body),
  async carryOut(asked, { attributes, members }, working) {
    const { db, emit, caller, base } = working;
    await enabledSettings(db, caller.organizationId);
    const group = await insertGroup(db, caller.organizationId, attributes);
    const count = await setMembers(working, group, members);
    await emit(scimGroupCreated, { aggregateId: group.id, data: { ...factsOf(group), members: count } });
    return await groupAnswer(db, group, asked, base, 201);
  },
});

/** Members that the document does not name at all stay: absent is not empty. */
export const replaceGroup = change<SentGroup>({
  operation: 'replaceGroup',
  resource: 'group',
  prepare: async ({ body }) => readGroup(body),
  carryOut: (asked, { attributes, members }, working) =>
    updating(
      asked,
      working,
      () => attributes,
      group => (members === undefined ? Promise.resolve(0) : setMembers(working, group, members)),
    ),
});

/** One that names no members touches none. */
export const patchGroup = change<ReturnType<typeof apart>>({
  operation: 'patchGroup',
  resource: 'group',
  prepare: async ({ body }) => apart(readOperations(GroupType, body)),
  carryOut: (asked, { ofGroup, ofMembers }, working) =>
    updating(
      asked,
      working,
      before => patched(GroupType, before, ofGroup),
      group => changeMembers(working, group, ofMembers as Operation[]),
    ),
});

export const deleteGroup = change<undefined>({
  operation: 'deleteGroup',
  resource: 'group',
  prepare: async () => undefined,
  async carryOut({ id, ifMatch }, _, working) {
    const { db, emit, caller } = working;
    await enabledSettings(db, caller.organizationId);
    const group = await groupOf(db, caller.organizationId, id, { locked: true });
    requireVersion(ifMatch, versionTag(group.version));
    await renamed(working, [group.display_name]);
    await db('scim_groups').where({ organization_id: caller.organizationId, id: group.id }).delete();
    await emit(scimGroupDeleted, { aggregateId: group.id, data: factsOf(group) });
    return { status: 204, id: group.id };
  },
});

async function updating(
  asked: Asked,
  working: Working,
  make: (before: Document) => Document,
  changeMembersOf: (group: GroupRow) => Promise<number>,
) {
  const { db, emit, caller, base } = working;
  await enabledSettings(db, caller.organizationId);
  const group = await groupOf(db, caller.organizationId, asked.id, { locked: true });
  requireVersion(asked.ifMatch, versionTag(group.version));
  const before = attributesOfGroup(group);
  const after = make(before);
  const membersChanged = await changeMembersOf(group);
  const changes = changesOf(named(before), named(after));
  if (Object.keys(changes).length + membersChanged === 0) return await groupAnswer(db, group, asked, base);
  const changed = await updateGroup(db, group, after);
  if (changes.name) await renamed(working, [group.display_name, changed.display_name]);
  const data = { ...factsOf(changed), changes, members_changed: membersChanged };
  await emit(scimGroupUpdated, { aggregateId: group.id, data });
  return await groupAnswer(db, changed, asked, base);
}

/** Which roles a group gives goes by its name. */
async function renamed({ db, caller }: Working, names: readonly string[]): Promise<void> {
  const settings = await enabledSettings(db, caller.organizationId);
  const mapped = new Set(settings.group_mappings.map(({ group }) => group.toLowerCase()));
  if (names.some(name => mapped.has(name.toLowerCase()))) await rolesAreDue(db, settings, null);
}

const factsOf = ({ organization_id, id, display_name }: GroupRow) => ({
  organization_id,
  group_id: id,
  name: display_name,
});

/** How the group is called here and at the client, as events say it. */
const named = ({ displayName, externalId }: Document) => ({
  name: displayName ?? null,
  external_id: externalId ?? null,
});
