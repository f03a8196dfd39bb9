import { secondFactorChosen } from '@rivergate/events';
import { oneTimeCode, oneTimeToken, tokenHash } from '@rivergate/secrets';
import { z } from 'zod';
import { accountById } from '../accounts/account-store.ts';
import { CallerNotFound } from '../accounts/errors.ts';
import { endpoint } from '../endpoint.ts';
import { Method } from '../second-factors/method.ts';
import { methodsOf } from '../second-factors/methods.ts';
import { codeMail } from '../second-factors/second-factor-mails.ts';
import { TemporaryToken } from '../signup/temporary-token.ts';
import { stepUpFactors } from '../step-up/step-up-factors.ts';
import { choose, pendingLogin } from './pending-login-store.ts';
import {
  InvalidLoginToken,
  InvalidMethod,
  loginCodeContext,
  PendingLoginGone,
  WRONG_CODES_A_LOGIN,
} from './second-factor.ts';

export const chooseSecondFactor = endpoint(
  {
    operation: 'chooseSecondFactor',
    method: 'post',
    path: '/auth/mfa/otp/generate',
    summary: 'Choose the second factor of this login or step-up',
    description:
      'Mails a code where the method is email_otp. Also needed before a backup code. Again with the new token it sends ' +
      'another code or changes the method.',
    caller: 'token',
    body: z.object({ temporary_token: TemporaryToken, method: Method }),
    answer: z.object({
      temporary_token: z.string().meta({ description: 'In place of the one before; for /auth/mfa/verify' }),
      message: z.string().meta({ examples: ['A code is on its way to your address'] }),
    }),
    errors: [InvalidMethod, InvalidLoginToken, CallerNotFound, PendingLoginGone],
    idempotency: { seconds: 60, spends: 'body.temporary_token' },
  },
  async ({ body, db, emit, limit, mail, secretBox }) => {
    const { method } = body;
    const login = await pendingLogin(db, tokenHash(body.temporary_token));
    if (!login || login.expired) throw InvalidLoginToken();
    const userId = login.user_id;
    const account = await accountById(db, userId);
    if (!account || login.disabled) throw CallerNotFound();
    if (login.ended || login.wrong_codes >= WRONG_CODES_A_LOGIN) throw PendingLoginGone();
    const isStepUp = login.session_id !== null;
    const methods = await (isStepUp ? stepUpFactors(db, account) : methodsOf(db, userId));
    if (!methods.includes(method)) throw InvalidMethod();

    let codeHash: string | null = null;
    if (method === 'email_otp') {
      await limit('second_factor_code', `user ${userId}`);
      const code = oneTimeCode();
      codeHash = secretBox.codeHash(code, loginCodeContext(login.id));
      await mail.send(db, codeMail(account, code, isStepUp ? 'confirm that it is you' : 'sign in'));
    }
    const token = oneTimeToken();
    await choose(db, login.id, { method, codeHash, tokenHash: tokenHash(token) });
    await emit(secondFactorChosen, {
      aggregateId: userId,
      organizationId: null,
      userId,
      data: { user_id: userId, method },
    });
    const message =
      method === 'email_otp'
        ? 'A code is on its way to your address'
        : 'Enter the code that your authenticator shows';
    return { temporary_token: token, message };
  },
);
