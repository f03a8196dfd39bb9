import { IpNotAllowed, SsoRequired } from '@rivergate/endpoint';
import { loginFailed } from '@rivergate/events';
import { tokenHash } from '@rivergate/secrets';
import { z } from 'zod';
import { accountById } from '../accounts/account-store.ts';
import { CallerNotFound } from '../accounts/errors.ts';
import { endpoint } from '../endpoint.ts';
import { guessingNotice } from '../second-factors/second-factor-mails.ts';
import { OtpCode } from '../signup/otp-code.ts';
import { TemporaryToken } from '../signup/temporary-token.ts';
import { countWrongCode, secondsUntilGuess } from '../signup/wrong-code-store.ts';
import { reauthenticate } from '../step-up/reauthenticate.ts';
import { stepUpFactors } from '../step-up/step-up-factors.ts';
import { DeviceHeaders } from '../trusted-devices/fingerprint.ts';
import { offerTrust } from '../trusted-devices/offer-trust.ts';
import { OfferedDevice } from '../trusted-devices/trusted-device.ts';
import { acceptSecondFactor } from './accept-second-factor.ts';
import { beginSession, LoggedIn } from './begin-session.ts';
import { clearTriesHere } from './check-credentials.ts';
import { completePendingLogin, countWrongFactor, pendingLogin } from './pending-login-store.ts';
import {
  InvalidMfaCode,
  InvalidMfaToken,
  TooManyWrongCodes,
  WRONG_CODES_A_LOGIN,
  wrongCodesOf,
} from './second-factor.ts';

/** RFC 8176 */
const METHODS = ['pwd', 'otp', 'mfa'];

export const verifySecondFactor = endpoint(
  {
    operation: 'verifySecondFactor',
    method: 'post',
    path: '/auth/mfa/verify',
    summary: 'Finish a login or a step-up with a code or a backup code',
    caller: 'token',
    headers: DeviceHeaders,
    body: z
      .object({
        temporary_token: TemporaryToken.meta({ description: 'From /auth/mfa/otp/generate' }),
        code: OtpCode.optional(),
        backup_code: z
          .string()
          .min(1)
          .max(64)
          .optional()
          .meta({ description: 'Case and dash do not matter', examples: ['K7QX-93BD'] }),
      })
      .refine(body => (body.code === undefined) !== (body.backup_code === undefined), {
        error: 'needs exactly one of code and backup_code',
        params: { code: 'required' },
      })
      .meta({
        description: 'Exactly one of code and backup_code',
        examples: [{ temporary_token: 'p1Yc…', code: '123456' }],
      }),
    answer: LoggedIn.extend({
      trusted_device: OfferedDevice.nullable().meta({
        description: 'Null where an organization forbids to trust devices, and for a step-up',
      }),
    }).meta({ id: 'LoggedInWithSecondFactor' }),
    errors: [InvalidMfaCode, InvalidMfaToken, CallerNotFound, IpNotAllowed, SsoRequired, TooManyWrongCodes],
    idempotency: { seconds: 60, spends: 'body.temporary_token' },
  },
  async context => {
    const { body, headers, db, emit, mail, settings, request, afterCommit, clearLimit } = context;
    const login = await pendingLogin(db, tokenHash(body.temporary_token));
    if (!login || login.method === null || login.expired || login.ended) throw InvalidMfaToken();
    const userId = login.user_id;
    const account = await accountById(db, userId);
    const fail = (reason: string) =>
      emit(loginFailed, {
        aggregateId: userId,
        organizationId: null,
        userId,
        data: { user_id: userId, reason },
      });
    if (!account || login.disabled) {
      await fail('account_disabled');
      return CallerNotFound();
    }
    if (login.wrong_codes >= WRONG_CODES_A_LOGIN)
      throw TooManyWrongCodes('Too many wrong codes in this login; begin it again');
    const wait = await secondsUntilGuess(db, wrongCodesOf(userId), settings.wrongSecondFactors);
    if (wait !== null) throw TooManyWrongCodes(undefined, undefined, { 'Retry-After': String(wait) });

    // Another factor may have been turned on since, in place of what stood in for one.
    if (login.session_id !== null && !(await stepUpFactors(db, account)).includes(login.method))
      throw InvalidMfaToken();
    const accepted = await acceptSecondFactor(context, { ...login, method: login.method }, body);
    if (!accepted) {
      await countWrongFactor(db, login.id);
      const wrong = await countWrongCode(db, wrongCodesOf(userId), settings.wrongSecondFactors);
      if (wrong === settings.wrongSecondFactors?.count && account.password_hash !== null)
        await mail.send(db, guessingNotice(account));
      await fail('invalid_mfa_code');
      return InvalidMfaCode();
    }

    if (login.session_id !== null) {
      // Without a password the code alone was asked for: it stands beside what opened the session.
      const withPassword = account.password_hash !== null;
      const answer = await reauthenticate(context, account, login.session_id, {
        methods: withPassword ? METHODS : METHODS.filter(method => method !== 'pwd'),
        beside: !withPassword,
      });
      if (!answer) throw InvalidMfaToken();
      await completePendingLogin(db, login.id);
      afterCommit(() => clearTriesHere(clearLimit, { email: account.email, ip: request.ip }));
      return { ...answer, trusted_device: null };
    }
    const begun = await beginSession(context, {
      account,
      method: 'password',
      methods: METHODS,
      place: login.place,
      openedThrough: accepted.session_id,
      rememberMe: login.remember_me,
    });
    if (!begun) throw new Error('An account that is locked was suspended');
    await completePendingLogin(db, login.id);
    const device = await offerTrust(context, { userId, sessionId: begun.session.id }, headers);
    afterCommit(() => clearTriesHere(clearLimit, { email: account.email, ip: request.ip }));
    return { ...begun.answer, trusted_device: device };
  },
);
