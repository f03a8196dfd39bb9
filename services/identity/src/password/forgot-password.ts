import { EmailAddress } from '@rivergate/endpoint';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { noteResetRequest } from './password-reset-store.ts';

export const forgotPassword = endpoint(
  {
    operation: 'forgotPassword',
    method: 'post',
    path: '/auth/forgot-password',
    summary: 'Mail a reset link',
    description: 'The answer is the same whether or not the address has an account.',
    caller: 'public',
    body: z.object({ email: EmailAddress }),
    message: 'If this address belongs to an account, a link to set a new password is on its way',
    messageInData: true,
    rateLimit: 'password_reset',
  },
  async ({ body, request, db, limit, afterCommit, resetRequests }) => {
    await limit('password_reset', `address ${body.email}`);
    // Only noted here: whether there is an account is looked up after the answer, where the requests are processed.
    await noteResetRequest(db, {
      email: body.email,
      ip_address: request.ip,
      user_agent: request.userAgent,
      request_id: request.id,
    });
    afterCommit(async () => resetRequests.processSoon());
  },
);
