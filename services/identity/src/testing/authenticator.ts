import { eventually } from '@rivergate/testing';
import { Secret, TOTP } from 'otpauth';
import type { IdentityUnderTest, Person } from './identity-under-test.ts';

/** An authenticator that a person has enrolled. */
export interface Authenticator {
  secret: string;
  backupCodes: string[];
  /** The code of the step that is so many ahead: for the present one, and the next, it is good. */
  code(ahead?: number): string;
  /** The code of the present step, which counts as never used. */
  freshCode(): Promise<string>;
}

/** What an authenticator app shows for a secret. */
export function codeOfSecret(secret: string, ahead = 0): string {
  const totp = new TOTP({ secret: Secret.fromBase32(secret) });
  return totp.generate({ timestamp: Date.now() + ahead * 30_000 });
}

/** Turns TOTP on, or adds a device to it. */
export async function enrolTotp(
  identity: IdentityUnderTest,
  { caller, userId }: Person,
  name = 'Phone',
): Promise<Authenticator> {
  const setup = { device_name: name, additional: true };
  const { secret } = (await caller.post('/api/v1/mfa/totp/setup', setup).expect(200)).body.data;
  const code = (ahead = 0) => codeOfSecret(secret, ahead);
  const { body } = await caller.post('/api/v1/mfa/totp/verify', { code: code() }).expect(200);
  return {
    secret,
    backupCodes: body.data.backup_codes,
    code,
    async freshCode() {
      await identity.resources.knex('totp_devices').where({ user_id: userId }).update({ last_step: 0 });
      return code();
    },
  };
}

const codesMailed = (identity: IdentityUnderTest, email: string) =>
  identity.mail.to(email).flatMap(({ subject }) => /^(\d{6}) is your code$/.exec(subject)?.[1] ?? []);

/** The nth code that was mailed as a second factor, counting from 1. */
export function mailedCode(identity: IdentityUnderTest, email: string, nth = 1): Promise<string> {
  return eventually(() => codesMailed(identity, email)[nth - 1], `code ${nth} to ${email}`);
}

/** Turns codes by mail on. @returns the backup codes */
export async function enrolEmail(identity: IdentityUnderTest, { caller, email }: Person): Promise<string[]> {
  const before = codesMailed(identity, email).length;
  await caller.post('/api/v1/mfa/email-otp/setup').expect(200);
  const code = await mailedCode(identity, email, before + 1);
  const { body } = await caller.post('/api/v1/mfa/email-otp/verify', { code }).expect(200);
  return body.data.backup_codes;
}
