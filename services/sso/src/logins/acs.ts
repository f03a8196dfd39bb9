import { form } from '@rivergate/endpoint';
import { z } from 'zod';
import { insertAttempt, stepOf, takeAttempt } from '../attempts/attempt-store.ts';
import { isNoted } from '../attempts/noted-refusals.ts';
import { refusalIn, SignInRefusal } from '../attempts/refusal.ts';
import { endpoint } from '../endpoint.ts';
import { keysOf } from '../provider-keys/key-store.ts';
import { Named, ProviderNotFound } from '../providers/provider.ts';
import { enterProvider } from '../providers/provider-store.ts';
import { partiesOf } from '../providers/saml-parties.ts';
import { checkResponse } from '../saml/index.ts';
import { PageState, toPage } from './page.ts';
import { samlArrival } from './saml-arrival.ts';
import { concludeSignIn, signIn, traceOf } from './sign-in.ts';
import { keepTicket } from './ticket-store.ts';

export const assertionConsumer = endpoint(
  {
    operation: 'finishSamlLogin',
    method: 'post',
    path: '/sso/providers/:provider_id/acs',
    summary: 'SAML assertion consumer: SP- and IdP-initiated',
    description:
      'Where a SAML provider has the browser post its response, which is sent on to the page /sso of this platform. Whom a login ' +
      'is for that the provider began, the page shows before it counts.',
    caller: 'public',
    params: Named,
    accepts: [form({ oauth: true })],
    // A response of 256 KB in base64, coded as a form.
    bodyLimit: 512 * 1024,
    body: z.object({
      SAMLResponse: z
        .string()
        .max(400_000)
        .meta({ description: 'In base64', examples: ['PHNhbWxwOlJlc3BvbnNlPg=='] }),
      RelayState: z
        .string()
        .max(2_048)
        .optional()
        .meta({ examples: ['page.isolation'] }),
    }),
    redirects: { status: 303, to: 'own' },
    errors: [ProviderNotFound],
    // A response counts once.
    idempotency: false,
  },
  {
    async prepare({ params, body, briefly, call, limit, publicUrl, redis, secretBox }) {
      const { provider, keys } = await briefly(async db => {
        const entered = await enterProvider(db, params.provider_id);
        if (entered.provider_type !== 'saml') throw ProviderNotFound();
        return { provider: entered, keys: await keysOf(db, secretBox, entered) };
      });
      try {
        if (provider.status !== 'active') throw new SignInRefusal('PROVIDER_INACTIVE');
        const checked = await checkResponse(body.SAMLResponse, partiesOf(publicUrl, provider, keys), redis);
        const state = checked.request;
        if (state === null) {
          const trace = traceOf({ steps: [] });
          return { waiting: samlArrival(provider, checked, trace), trace };
        }
        const attempt = await briefly(async db => {
          await enterProvider(db, provider.id);
          return await takeAttempt(db, secretBox, provider.id, state);
        });
        if (!attempt) throw new SignInRefusal('FINISHED_OR_OLD');
        const trace = traceOf(attempt);
        const outcome = await signIn(
          { briefly, call },
          provider,
          attempt.flow.codeChallenge,
          trace,
          async () => samlArrival(provider, checked, trace),
        );
        return { attempt, outcome, trace };
      } catch (cause) {
        const refusal = refusalIn(cause);
        return { refusal, isKept: await isNoted(limit, provider.id) };
      }
    },
    async handle({ params, body, prepared, request, db, emit, publicUrl, secretBox }) {
      const provider = await enterProvider(db, params.provider_id);
      const { id: providerId, organization_id: organizationId } = provider;
      const place = { organization_id: organizationId, provider_id: providerId };
      if (prepared.attempt) {
        const { attempt, outcome, trace } = prepared;
        const { codeChallenge, pageState } = attempt.flow;
        const conclusion = { attemptId: attempt.id, codeChallenge, outcome, trace };
        const told = await concludeSignIn({ db, emit, secretBox }, provider, conclusion);
        return toPage(publicUrl, { state: pageState, ...told });
      }
      const begun = { begunBy: 'provider', ip: request.ip, userId: null } as const;
      if (prepared.waiting) {
        const { waiting: arrival, trace } = prepared;
        trace.steps.push(stepOf('waits_for_confirmation'));
        const row = { ...begun, ...trace, outcome: 'pending', reason: null } as const;
        const attemptId = await insertAttempt(db, place, row);
        const kept = { organizationId, providerId, purpose: 'confirm', arrival, attemptId } as const;
        return toPage(publicUrl, {
          ticket: await keepTicket(db, secretBox, { ...kept, codeChallenge: null }),
        });
      }
      const { reason, detail } = prepared.refusal;
      const steps = [stepOf('came_back'), stepOf('refused', detail)];
      if (prepared.isKept) {
        const nothing = { received: null, email: null, steps };
        await insertAttempt(db, place, { ...begun, ...nothing, outcome: 'failed', reason });
      }
      return toPage(publicUrl, { state: PageState.safeParse(body.RelayState).data, error: reason });
    },
  },
);
