import { createHash } from 'node:crypto';
import {
  EmailDomainNotAllowed,
  FormerMember,
  findAccount,
  PlanLimitExceeded,
  provisionMember,
  UserNotFound,
} from '@rivergate/contracts';
import { error, UpstreamUnavailable, withinOrganization } from '@rivergate/endpoint';
import { ssoConnected } from '@rivergate/events';
import { equal } from '@rivergate/secrets';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import type { ProviderRow } from '../providers/provider-store.ts';
import { requireServedAddress } from './check-address.ts';
import { connect } from './connection-store.ts';
import { InvalidTicket, TicketText } from './describe-ticket.ts';
import { readTicket, spendTicket } from './ticket-store.ts';

export const NotThisAccount = error(
  'NOT_THIS_ACCOUNT',
  403,
  'You are signed in to another account than the one of this address',
);

/** RFC 7636, section 4.1. */
const Verifier = z
  .string()
  .regex(/^[\w.~-]{43,128}$/, 'must be a code verifier')
  .meta({ examples: ['dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk'] });

const challengeOf = (verifier: string) => createHash('sha256').update(verifier).digest('base64url');

export const connectAccount = endpoint(
  {
    operation: 'connectSsoAccount',
    method: 'post',
    path: '/sso/tickets/connect',
    summary: 'Prove that an account is the one that a sign-in at an identity provider led to',
    description:
      'For the user of the account with the address that the provider gave, in the browser that began the sign-in. From now on ' +
      'the provider lets them in here, as members of its organization.',
    caller: 'user',
    session: true,
    fresh: true,
    body: z.object({ ticket: TicketText, code_verifier: Verifier }),
    message: 'Connected; from now on you can sign in there',
    answer: z.object({ organization_id: z.int(), provider_id: z.int() }),
    errors: [
      InvalidTicket,
      NotThisAccount,
      FormerMember,
      EmailDomainNotAllowed,
      PlanLimitExceeded,
      UserNotFound,
      UpstreamUnavailable,
    ],
    // The ticket is spent once.
    idempotency: false,
  },
  {
    async prepare({ body, caller, briefly, call, secretBox }) {
      const ticket = await briefly(db => readTicket(db, secretBox, body.ticket));
      const { codeChallenge, purpose } = ticket ?? {};
      if (!ticket || purpose !== 'connect' || !codeChallenge) throw InvalidTicket();
      if (!equal(challengeOf(body.code_verifier), codeChallenge)) throw InvalidTicket();
      const { email, displayName } = ticket.arrival;
      const account = await call(findAccount, { body: { email } });
      if (account.user_id !== caller.userId) throw NotThisAccount();
      await call(
        provisionMember,
        {
          params: { organization_id: ticket.organizationId },
          body: { email, display_name: displayName, source: 'sso', user_id: caller.userId },
        },
        { deadline: 10_000 },
      );
      return ticket;
    },
    async handle({ prepared: { organizationId, providerId, arrival }, body, caller, db, emit }) {
      await withinOrganization(db, organizationId);
      if (!(await spendTicket(db, body.ticket))) throw InvalidTicket();
      const provider: ProviderRow | undefined = await db('providers')
        .where({ id: providerId })
        .forShare()
        .first();
      if (provider?.status !== 'active') throw InvalidTicket();
      await requireServedAddress(db, provider, arrival.email).catch(() => Promise.reject(InvalidTicket()));
      const place = { organization_id: organizationId, provider_id: providerId };
      await connect(db, place, caller.userId, arrival);
      await emit(ssoConnected, {
        aggregateId: providerId,
        organizationId,
        data: { ...place, user_id: caller.userId, by: 'proof' },
      });
      return place;
    },
  },
);
