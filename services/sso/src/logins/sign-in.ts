import type { Emit } from '@rivergate/endpoint';
import type { SecretBox } from '@rivergate/secrets';
import type { Knex } from 'knex';
import { finishAttempt, type OpenAttempt, type Step, stepOf } from '../attempts/attempt-store.ts';
import type { Received } from '../attempts/received.ts';
import { refusalIn, SignInRefusal } from '../attempts/refusal.ts';
import type { ProviderRow } from '../providers/provider-store.ts';
import { type ArrivalTools, arrive, type Welcome } from './arrive.ts';
import { noteWelcome } from './note-welcome.ts';
import { type Arrival, keepTicket } from './ticket-store.ts';

/** What administrators will see of a sign-in, as it goes on. */
export interface Trace {
  steps: Step[];
  received: Received | null;
  email: string | null;
}

export const traceOf = ({ steps }: Pick<OpenAttempt, 'steps'>): Trace => ({
  steps: [...steps, stepOf('came_back')],
  received: null,
  email: null,
});

/** Who came, as far as that became known, and what came of it. */
export interface Outcome {
  arrival: Arrival | null;
  result: Welcome | SignInRefusal;
}

/** Reasons that the owner of the account can do away with. */
const PROVABLE: ReadonlySet<string> = new Set(['ACCOUNT_ELSEWHERE', 'OTHER_SUBJECT']);

/**
 * Learns who somebody is and lets them in, as far as can be before the transaction.
 *
 * @param arriving finds out by the provider who they are
 */
export async function signIn(
  tools: ArrivalTools,
  provider: ProviderRow,
  codeChallenge: string,
  { steps }: Trace,
  arriving: () => Promise<Arrival>,
): Promise<Outcome> {
  let arrival: Arrival | null = null;
  try {
    if (provider.status !== 'active') throw new SignInRefusal('PROVIDER_INACTIVE');
    arrival = await arriving();
    return { arrival, result: await arrive(tools, provider, arrival, codeChallenge, steps) };
  } catch (cause) {
    return { arrival, result: refusalIn(cause) };
  }
}

/**
 * Writes down what came of a sign-in.
 *
 * @param db within the organization of the provider
 * @returns what the page is told
 */
export async function concludeSignIn(
  { db, emit, secretBox }: { db: Knex.Transaction; emit: Emit; secretBox: SecretBox },
  provider: ProviderRow,
  signedIn: { attemptId: number; codeChallenge: string; outcome: Outcome; trace: Trace },
): Promise<{ code: string } | { ticket: string } | { error: string }> {
  const { attemptId, codeChallenge, trace } = signedIn;
  const { arrival, result } = signedIn.outcome;
  const { steps, received, email } = trace;
  const settled =
    result instanceof SignInRefusal
      ? result
      : await noteWelcome({ db, emit, secretBox }, provider, arrival!, result).then(() => result, refusalIn);
  if (!(settled instanceof SignInRefusal)) {
    steps.push(stepOf('signed_in'));
    await finishAttempt(db, attemptId, { reason: null, steps, received, userId: settled.userId, email });
    return { code: settled.code };
  }
  const { reason, detail } = settled;
  steps.push(stepOf('refused', detail));
  await finishAttempt(db, attemptId, { reason, steps, received, userId: null, email });
  if (arrival === null || !PROVABLE.has(reason)) return { error: reason };
  const { organization_id: organizationId, id: providerId } = provider;
  const kept = { organizationId, providerId, purpose: 'connect' as const, arrival, codeChallenge };
  return { ticket: await keepTicket(db, secretBox, { ...kept, attemptId: null }) };
}
