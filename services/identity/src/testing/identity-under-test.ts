import type { Principal } from '@rivergate/caller';
import {
  nobody,
  type ServiceUnderTest,
  signedIn,
  startServiceUnderTest,
  type TestAnswer,
  type TestCaller,
} from '@rivergate/testing';
import { decodeJwt } from 'jose';
import { identity } from '../service.ts';
import { organizationStandIn } from './organization-stand-in.ts';

export const PASSWORD = 'Correct1horse';

/** Someone who has signed in, with what the login gave. */
export interface Person {
  email: string;
  userId: number;
  sessionId: number;
  accessToken: string;
  refreshToken: string;
  /** What the gateway knows of this session. */
  principal: Principal;
  /** Calls as the gateway does for this session. */
  caller: TestCaller;
}

export interface IdentityUnderTest extends ServiceUnderTest {
  organization: ReturnType<typeof organizationStandIn>['state'];
  /** Calls without a token, from the test's address unless one is given. */
  anonymous(ip?: string): TestCaller;
  newAddress(): string;
  signUp(email: string, more?: object): Promise<TestAnswer>;
  /** The code in the nth mail to the address, counting from 1. */
  codeOf(email: string, nth?: number): Promise<string>;
  linkTokenOf(email: string, nth?: number): Promise<string>;
  /** A verified account with its first session. */
  person(): Promise<Person>;
  login(email: string, more?: object): Promise<TestAnswer>;
  /** The person behind an answer that holds tokens. */
  personOf(answer: TestAnswer, email: string): Person;
  /** Actions in the audit log about a user, oldest first. */
  audited(
    userId: number,
  ): Promise<{ action: string; metadata: Record<string, unknown>; ip_address: string }[]>;
}

/** Limits are off unless a test sets them. */
const NO_LIMITS = Object.fromEntries(
  [
    'LOGIN',
    'LOGIN_ADDRESS',
    'LOGIN_ADDRESS_HOURLY',
    'LOGIN_ADDRESS_DAILY',
    'SIGNUP',
    'SIGNUP_CODE',
    'SIGNUP_CODE_DAILY',
    'SIGNUP_CODE_WRONG_DAILY',
    'CLIENT_REGISTRATION',
    'PASSKEY_START',
    'PASSKEY_START_ADDRESS',
    'SECOND_FACTOR_SETUP',
    'SECOND_FACTOR_CODE',
    'SECOND_FACTOR_WRONG_HOURLY',
    'USER_CODE',
    'USER_CODE_ADDRESS',
    'PASSWORD_RESET',
    'PASSWORD_CHANGE',
    'EMAIL_CHANGE',
    'EMAIL_CHANGE_DAILY',
    'IMPERSONATION_DAILY',
  ].map(name => [`RATE_LIMIT_${name}`, 'off']),
);

/** @param address whence calls without a token come unless they say; asked for each of them */
export async function startIdentityUnderTest(
  env: NodeJS.ProcessEnv = {},
  address = () => '192.0.2.7',
): Promise<IdentityUnderTest> {
  const organization = organizationStandIn();
  const service = await startServiceUnderTest(identity, {
    env: { ...NO_LIMITS, ...env },
    peers: { organization: organization.answers },
  });
  let counter = 0;

  const anonymous = (ip = address()) => service.as(nobody(ip));
  const mailed = async (email: string, nth: number) => (await service.mail.nth(email, nth)).text;

  function personOf(answer: TestAnswer, email: string): Person {
    const { access_token, refresh_token } = answer.body.data;
    const claims = decodeJwt(access_token);
    const [userId, sessionId] = [Number(claims.sub), Number(claims.sid)];
    const principal = signedIn({
      userId,
      sessionId,
      authTime: claims.auth_time as number,
      amr: claims.amr as string[],
      secondFactorOmitted: claims.second_factor_omitted === true,
    });
    return {
      email,
      userId,
      sessionId,
      accessToken: access_token,
      refreshToken: refresh_token,
      principal,
      caller: service.as(principal),
    };
  }

  const under: IdentityUnderTest = {
    ...service,
    organization: organization.state,
    anonymous,
    personOf,
    newAddress: () => `person-${++counter}@example.com`,
    signUp: (email, more = {}) =>
      anonymous().post('/api/v1/auth/signup', { email, password: PASSWORD, ...more }),
    codeOf: async (email, nth = 1) => /^\d{6}$/m.exec(await mailed(email, nth))![0],
    linkTokenOf: async (email, nth = 1) => /token=([\w-]+)/.exec(await mailed(email, nth))![1]!,
    login: (email, more = {}) =>
      anonymous().post('/api/v1/auth/login', { email, password: PASSWORD, ...more }),
    async person() {
      const email = under.newAddress();
      const { body } = await under.signUp(email);
      const verification = {
        temporary_token: body.data.temporary_token,
        otp_code: await under.codeOf(email),
      };
      return personOf(await anonymous().post('/api/v1/auth/verify-otp', verification), email);
    },
    async audited(userId) {
      const rows = await service.resources.knex.transaction(async db => {
        await db.raw("select set_config('rivergate.scope', 'platform', true)");
        return db('audit_log')
          .whereRaw("(metadata->>'user_id')::bigint = ?", [userId])
          .select('*', db.raw("metadata || coalesce(personal, '{}') as metadata"))
          .orderBy('id');
      });
      return rows;
    },
  };
  return under;
}
