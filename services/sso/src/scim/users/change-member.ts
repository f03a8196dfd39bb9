import { changeProvisionedMember } from '@rivergate/contracts';
import { type CallInput, Failure } from '@rivergate/endpoint';
import { type Acting, PATIENT } from '../change.ts';
import { LastAdministratorStays, ScimUserNotFound } from '../errors.ts';
import { InvalidValue, Mutability, Uniqueness } from '../protocol/errors.ts';

export type MemberChange = CallInput<typeof changeProvisionedMember>['body'];

/**
 * Has organization change a member. Of an account that is not the organization's only the membership changes: what a client
 * writes of it besides is kept here alone, but for a password, which could be kept nowhere.
 *
 * @throws Mutability, LastAdministratorStays, ScimUserNotFound, Uniqueness, InvalidValue
 */
export async function changeMember(
  acting: Pick<Acting, 'call' | 'caller'>,
  userId: number,
  wanted: MemberChange,
): Promise<void> {
  const { call, caller } = acting;
  const params = { organization_id: caller.organizationId, user_id: userId };
  const { active, email, display_name: displayName, password } = wanted;
  try {
    await call(changeProvisionedMember, { params, body: wanted }, PATIENT);
  } catch (cause) {
    if (!(cause instanceof Failure)) throw cause;
    switch (cause.code) {
      case 'ACCOUNT_NOT_MANAGED':
        if (password !== undefined)
          throw Mutability('The password of this account is not for the organization to set');
        if (active !== undefined && (email !== undefined || displayName !== undefined))
          await changeMember(acting, userId, { active });
        return;
      case 'LAST_ADMINISTRATOR':
        throw LastAdministratorStays();
      case 'USER_NOT_FOUND':
      case 'ORGANIZATION_NOT_FOUND':
        throw ScimUserNotFound();
      case 'EMAIL_TAKEN':
        throw Uniqueness('Another account has this address');
      case 'EMAIL_DOMAIN_NOT_ALLOWED':
      case 'INVALID_PASSWORD':
        throw InvalidValue(cause.message);
      default:
        throw cause;
    }
  }
}
