import { randomUUID } from 'node:crypto';
import type { TestAnswer } from '@rivergate/testing';
import type { IdentityUnderTest, Person } from './identity-under-test.ts';
import {
  type Assertion,
  type Attestation,
  type Deviation,
  type SoftwareAuthenticator,
  softwareAuthenticator,
} from './software-authenticator.ts';

/** Where the service under test expects passkeys to be used: at the PUBLIC_URL of tests. */
export const ORIGIN = 'http://rivergate.test';
export const RP_ID = 'rivergate.test';
const path = '/api/v1/webauthn';

/** Someone with a passkey, and what it takes to use it. */
export interface Holder extends Person {
  authenticator: SoftwareAuthenticator;
  /** Identifier in the list. */
  passkeyId: number;
}

/** The calls of a browser that registers a passkey or logs in with one. */
export function passkeysUnderTest(identity: () => IdentityUnderTest) {
  const calls = {
    startRegistration: (person: Person, device_name = 'Laptop') =>
      person.caller.post(`${path}/register/start`, { device_name }),

    completeRegistration: (
      person: Person,
      credential: Attestation | object,
      device_name = 'Laptop',
      options?: { headers: Record<string, string> },
    ) => person.caller.post(`${path}/register/complete`, { credential, device_name }, options),

    /** Both steps with an authenticator. */
    async register(
      person: Person,
      authenticator: SoftwareAuthenticator,
      deviation: Deviation = {},
    ): Promise<TestAnswer> {
      const started = await calls.startRegistration(person).expect(201);
      return calls.completeRegistration(person, authenticator.create(started.body.data, deviation));
    },

    async holder(alg?: Parameters<typeof softwareAuthenticator>[1]): Promise<Holder> {
      const person = await identity().person();
      const authenticator = softwareAuthenticator(ORIGIN, alg);
      const { status, body, text } = await calls.register(person, authenticator);
      if (status !== 200) throw new Error(`No passkey was registered: ${text}`);
      return { ...person, authenticator, passkeyId: body.data.credential_id };
    },

    startLogin: (email: string, ip?: string) =>
      identity().anonymous(ip).post(`${path}/authenticate/start`, { email }),

    completeLogin: (
      email: string,
      credential: Assertion | object,
      { ip, key }: { ip?: string | undefined; key?: string } = {},
    ) =>
      identity()
        .anonymous(ip)
        .post(
          `${path}/authenticate/complete`,
          { email, credential },
          key === undefined ? undefined : { headers: { 'idempotency-key': key } },
        ),

    /** Both steps with the passkey of the holder. */
    async login(
      { email, authenticator }: Pick<Holder, 'email' | 'authenticator'>,
      deviation: Deviation = {},
      ip?: string,
    ): Promise<TestAnswer> {
      const started = await calls.startLogin(email, ip).expect(200);
      return calls.completeLogin(email, authenticator.get(started.body.data, deviation), { ip });
    },
  };
  return calls;
}

export const newKey = () => randomUUID();
