import { startingPoint } from '@rivergate/contracts';
import { error, Failure, OrganizationNotFound } from '@rivergate/endpoint';
import { tokenHash } from '@rivergate/secrets';
import { z } from 'zod';
import { accountById } from '../accounts/account-store.ts';
import { endpoint } from '../endpoint.ts';
import { beginSession, LoggedIn } from '../login/begin-session.ts';
import { AccountDisabled } from '../login/login-errors.ts';
import { noteRefusal } from '../login/note-refusal.ts';
import { PKCE_TEXT, verifies } from '../oauth/code-challenge.ts';
import { holderOfSsoCode, takeSsoLogin } from './sso-login-store.ts';

export const InvalidSsoCode = error(
  'INVALID_CODE',
  400,
  'This sign-in is not valid any more; begin it again',
);
export const MembershipNotActive = error(
  'MEMBERSHIP_NOT_ACTIVE',
  403,
  'You are no active member of the organization by whose identity provider you sign in',
);

export const ssoLogIn = endpoint(
  {
    operation: 'ssoLogIn',
    method: 'post',
    path: '/auth/sso/login',
    summary: 'Finish a login at the identity provider of an organization',
    description:
      'Trades the code in with which the browser came back: once, within a minute, with the verifier of the challenge that ' +
      'the sign-in was begun with. The session acts in that organization alone, and ends no later than the provider says.',
    caller: 'token',
    body: z.object({
      code: z
        .string()
        .min(1)
        .max(512)
        .meta({ description: 'That the browser came back with', examples: ['Zk3v…'] }),
      code_verifier: z
        .string()
        .regex(PKCE_TEXT)
        .optional()
        .meta({
          description: 'RFC 7636, section 4.1; none where the identity provider began the sign-in',
          examples: ['dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk'],
        }),
    }),
    answer: LoggedIn,
    errors: [InvalidSsoCode, AccountDisabled, MembershipNotActive],
    idempotency: { seconds: 60, spends: 'body.code' },
  },
  {
    async prepare({ body, knex, call }) {
      const holder = await holderOfSsoCode(knex, tokenHash(body.code));
      if (!holder) return null;
      const { user_id, organization_id } = holder;
      return await call(startingPoint, { params: { user_id }, query: { organization_id } }).catch(cause => {
        if (cause instanceof Failure && cause.code === OrganizationNotFound.code) return null;
        throw cause;
      });
    },
    async handle(context) {
      const { body, prepared: place, db } = context;
      const login = await takeSsoLogin(db, tokenHash(body.code));
      if (!login) throw InvalidSsoCode();
      const account = (await accountById(db, login.user_id))!;
      const refuse = (reason: string) => noteRefusal(context, { email: account.email, account, reason });

      if (!verifies(body.code_verifier, login.code_challenge)) {
        await refuse('invalid_code_verifier');
        return InvalidSsoCode();
      }
      if (place === null) {
        await refuse('membership_not_active');
        return MembershipNotActive();
      }
      const begun = await beginSession(context, {
        account,
        method: 'sso',
        // RFC 8176 has no value for a login elsewhere; this is the one in use.
        methods: [...new Set(['fed', ...login.methods])],
        place,
        rememberMe: false,
        sso: {
          organizationId: login.organization_id,
          providerId: login.provider_id,
          loginId: login.login_id,
          endsAt: login.session_ends_at,
        },
      });
      if (begun) return begun.answer;
      await refuse('account_disabled');
      return AccountDisabled();
    },
  },
);
