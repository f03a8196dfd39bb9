import { provisionMember, removeProvisionedMember } from '@rivergate/contracts';
import { Failure, Forbidden } from '@rivergate/endpoint';
import { scimUserProvisioned } from '@rivergate/events';
import { type Acting, change, PATIENT } from '../change.ts';
import { InvalidValue, Uniqueness } from '../protocol/errors.ts';
import { UserType } from '../protocol/schemas.ts';
import { type Document, readDocument } from '../protocol/value.ts';
import { enabledSettings } from '../settings/settings.ts';
import { insertUser, requireFreeName } from '../store/user-store.ts';
import { accountOf, requireAddress } from './account.ts';
import { changeMember } from './change-member.ts';
import { userAnswer } from './user-answer.ts';

interface Provisioned {
  userId: number;
  attributes: Document;
  made: 'account' | 'membership' | 'nothing';
}

/** Of several at once for one address, one makes the member: the others are told that there is one. */
export const createUser = change<Provisioned>({
  operation: 'createUser',
  resource: 'user',
  async prepare({ body }, acting) {
    const { organizationId } = acting.caller;
    const { password, ...sent } = readDocument(UserType, body);
    const attributes: Document = { active: true, ...sent };
    const settings = await acting.briefly(async db => {
      const found = await enabledSettings(db, organizationId);
      await requireFreeName(db, organizationId, String(attributes.userName));
      return found;
    });
    const mapping = settings.attribute_mapping;
    const account = accountOf(attributes, mapping);
    const member = await acting
      .call(
        provisionMember,
        {
          params: { organization_id: organizationId },
          body: {
            email: requireAddress(account, mapping),
            display_name: account.displayName,
            source: 'scim',
            role_id: settings.default_role_id,
            active: attributes.active !== false,
          },
        },
        PATIENT,
      )
      .catch(refused);
    if (member.made === 'nothing') throw Uniqueness('userName is taken by another user');
    const provisioned = { userId: member.user_id, attributes, made: member.made };
    if (password !== undefined)
      await changeMember(acting, member.user_id, { password: String(password) }).catch(async cause => {
        await takeBack(acting, provisioned);
        throw cause;
      });
    return provisioned;
  },
  async carryOut(asked, { userId, attributes, made }, { db, emit, caller, base }) {
    const { organizationId } = caller;
    const row = await insertUser(db, organizationId, userId, attributes);
    const data = { organization_id: organizationId, user_id: userId, made };
    await emit(scimUserProvisioned, { aggregateId: userId, data });
    return await userAnswer(db, row, asked, base, 201);
  },
  undo: (provisioned, acting) => takeBack(acting, provisioned),
});

async function takeBack({ call, caller }: Acting, { userId }: Pick<Provisioned, 'userId'>): Promise<void> {
  const params = { organization_id: caller.organizationId, user_id: userId };
  await call(removeProvisionedMember, { params }, PATIENT);
}

/** What organization refuses, in the words of SCIM. */
function refused(cause: unknown): never {
  if (!(cause instanceof Failure)) throw cause;
  switch (cause.code) {
    case 'ACCOUNT_ELSEWHERE':
      throw Uniqueness(cause.message);
    case 'EMAIL_DOMAIN_NOT_ALLOWED':
      throw InvalidValue(cause.message);
    case 'ROLE_NOT_FOUND':
      throw Forbidden('The role that new members are given does not exist any more; set another one up');
    case 'PLAN_LIMIT_EXCEEDED':
    case 'FORMER_MEMBER':
    case 'USER_NOT_FOUND':
    case 'ORGANIZATION_NOT_FOUND':
      throw Forbidden(cause.message);
    default:
      throw cause;
  }
}
