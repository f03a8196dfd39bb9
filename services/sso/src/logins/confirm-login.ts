import { z } from 'zod';
import { pendingAttempt } from '../attempts/attempt-store.ts';
import { endpoint } from '../endpoint.ts';
import { enterProvider } from '../providers/provider-store.ts';
import { InvalidTicket, TicketText } from './describe-ticket.ts';
import { CodeChallenge } from './page.ts';
import { concludeSignIn, signIn } from './sign-in.ts';
import { readTicket, spendTicket } from './ticket-store.ts';

export const confirmLogin = endpoint(
  {
    operation: 'confirmSsoLogin',
    method: 'post',
    path: '/sso/tickets/confirm',
    summary: 'Go on with a login that the provider began',
    description:
      'Once, within ten minutes, after somebody has been shown whom it is for. The challenge is of the browser that trades the ' +
      'code in.',
    caller: 'public',
    body: z.object({ ticket: TicketText, code_challenge: CodeChallenge }),
    answer: z.object({
      code: z
        .string()
        .nullable()
        .meta({
          description: 'For POST /auth/sso/login',
          examples: ['Tn0x8mN4zJ3ZqVdG2v2R2v9nFz9bY1tP0k5w8u7s6r4'],
        }),
      ticket: z
        .string()
        .nullable()
        .meta({
          description: 'In place of a code, where the account has to be proved, by connectSsoAccount',
          examples: ['0VtdUGCvHqzXsYmPS7RIfpPyBdk6UDWmvDWWPCOVPFs'],
        }),
      reason: z
        .string()
        .nullable()
        .meta({ description: 'In place of both: why nobody is let in', examples: ['DOMAIN_NOT_SERVED'] }),
    }),
    errors: [InvalidTicket],
    // The ticket is spent once.
    idempotency: false,
  },
  {
    async prepare({ body, briefly, call, secretBox }) {
      const opened = await briefly(async db => {
        const ticket = await readTicket(db, secretBox, body.ticket);
        if (ticket?.purpose !== 'confirm' || ticket.attemptId === null) throw InvalidTicket();
        const provider = await enterProvider(db, ticket.providerId);
        return { ticket, provider, trace: await pendingAttempt(db, ticket.attemptId) };
      });
      const { ticket, provider, trace } = opened;
      const outcome = await signIn(
        { briefly, call },
        provider,
        body.code_challenge,
        trace,
        async () => ticket.arrival,
      );
      return { attemptId: ticket.attemptId!, providerId: provider.id, trace, outcome };
    },
    async handle({ body, prepared: { attemptId, providerId, trace, outcome }, db, emit, secretBox }) {
      const provider = await enterProvider(db, providerId);
      if (!(await spendTicket(db, body.ticket))) throw InvalidTicket();
      const conclusion = { attemptId, codeChallenge: body.code_challenge, outcome, trace };
      const told = await concludeSignIn({ db, emit, secretBox }, provider, conclusion);
      return {
        code: 'code' in told ? told.code : null,
        ticket: 'ticket' in told ? told.ticket : null,
        reason: 'error' in told ? told.error : null,
      };
    },
  },
);
