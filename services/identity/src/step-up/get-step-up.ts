import { z } from 'zod';
import { accountById } from '../accounts/account-store.ts';
import { CallerNotFound } from '../accounts/errors.ts';
import { endpoint } from '../endpoint.ts';
import { countPasskeys } from '../passkeys/passkey-store.ts';
import { Method } from '../second-factors/method.ts';
import { stepUpFactors } from './step-up-factors.ts';

export const getStepUp = endpoint(
  {
    operation: 'getStepUp',
    method: 'get',
    path: '/auth/step-up',
    summary: 'What the caller is asked for by a step-up',
    caller: 'user',
    session: true,
    beforeEnrolment: true,
    answer: z
      .object({
        password: z.boolean().meta({ description: 'Whether the password is asked for' }),
        mfa_methods: z.array(Method).meta({ description: 'One of them is asked for, if there are any' }),
        passkey: z.boolean().meta({ description: 'Whether a passkey does in place of all that' }),
      })
      .meta({ id: 'StepUpOptions' }),
    errors: [CallerNotFound],
  },
  async ({ caller, db }) => {
    const account = await accountById(db, caller.userId);
    if (!account || account.disabled_at) throw CallerNotFound();
    return {
      password: account.password_hash !== null,
      mfa_methods: await stepUpFactors(db, account),
      passkey: (await countPasskeys(db, account.id)) > 0,
    };
  },
);
