import { error } from '@rivergate/endpoint';
import { z } from 'zod';
import { CallerNotFound } from '../accounts/errors.ts';
import { endpoint } from '../endpoint.ts';
import { lockCaller } from './lock-caller.ts';
import { Method, RequiredByOrganization } from './method.ts';
import { methodsOf } from './methods.ts';
import { changeNotice } from './second-factor-mails.ts';
import { turnOff } from './turn-off.ts';

export const MfaMethodNotFound = error('MFA_METHOD_NOT_FOUND', 404, 'This is off already');

const NAMES = { totp: 'codes of authenticators', email_otp: 'codes by mail' } as const;

export const deactivateMfa = endpoint(
  {
    operation: 'deactivateMfa',
    method: 'post',
    path: '/auth/mfa/deactivate',
    summary: 'Turn one MFA method, or all, off',
    description:
      'For totp every device is removed. With the last method go all backup codes and trusted devices.',
    caller: 'user',
    session: true,
    fresh: true,
    body: z.object({
      method: Method.nullable().default(null).meta({ description: 'Null or absent: all methods' }),
    }),
    answer: z.object({ deactivated_methods: z.array(Method) }),
    message: 'Turned off',
    messageInData: true,
    errors: [MfaMethodNotFound, RequiredByOrganization, CallerNotFound],
  },
  async ({ body, caller, db, emit, mail }) => {
    const { userId } = caller;
    const account = await lockCaller(db, caller);
    const on = await methodsOf(db, userId);
    const methods = body.method === null ? on : on.filter(method => method === body.method);
    if (methods.length === 0) throw MfaMethodNotFound();
    await turnOff({ db, emit }, userId, methods);
    const names = methods.map(method => NAMES[method]).join(' and ');
    await mail.send(db, changeNotice(account, `${names} were turned off`));
    return { deactivated_methods: methods };
  },
);
