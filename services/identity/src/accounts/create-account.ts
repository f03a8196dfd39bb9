import { createAccount as spec } from '@rivergate/contracts';
import { userRegistered } from '@rivergate/events';
import { hashPassword } from '@rivergate/secrets';
import { endpoint } from '../endpoint.ts';
import { startVerification } from '../signup/start-verification.ts';
import { acceptTerms, CURRENT_TERMS, nameFromAddress } from './account-store.ts';
import { requirePolicy, requirePolicyOf } from './password-policy.ts';
import { registerAccount } from './register-account.ts';

/** Asked by organization for a new administrator or user: the account holds its address before it is verified. */
export const createAccount = endpoint(spec, {
  async prepare({ body, knex }) {
    if (body.password === null) return { passwordHash: null };
    requirePolicy(body.password);
    if (body.member_of !== null) await requirePolicyOf(knex, body.member_of, body.password);
    return { passwordHash: await hashPassword(body.password) };
  },
  async handle(context) {
    const { body, prepared, db, emit } = context;
    const { email, member_of: memberOf } = body;
    const displayName = body.display_name ?? nameFromAddress(email);
    const userId = await registerAccount(
      { db, emit },
      {
        email,
        displayName,
        passwordHash: prepared.passwordHash,
        holdsAddress: true,
        forMember: memberOf !== null,
        managedBy: body.managed ? memberOf : null,
      },
    );
    // For somebody else nobody accepts them.
    if (memberOf === null) await acceptTerms(db, userId, CURRENT_TERMS, body.ip);
    await emit(userRegistered, {
      aggregateId: userId,
      organizationId: null,
      data: { user_id: userId, email, display_name: displayName },
    });
    const created = { user_id: userId, email, display_name: displayName };
    if (body.managed) return { ...created, temporary_token: null };
    const account = { id: userId, email, display_name: displayName };
    return { ...created, temporary_token: await startVerification(context, account) };
  },
});
