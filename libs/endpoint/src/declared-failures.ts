import { unkept } from './declared-answer.ts';
import { declaredErrors } from './declared-errors.ts';
import type { Endpoint } from './endpoint.ts';
import { Failure } from './failure.ts';
import { oauthError } from './oauth-failure.ts';
import type { Runtime } from './runtime.ts';
import { scimError } from './scim-failure.ts';

/**
 * The endpoint, held to the failures that it declares: clients are made from them. One that it throws or returns and
 * does not declare fails the request in tests, with that failure as the cause; in production, where it is right to
 * refuse all the same, it is answered and logged.
 */
export function heldToDeclaration(
  endpoint: Endpoint,
  { strictness, log }: Pick<Runtime, 'strictness' | 'log'>,
): Endpoint {
  const { spec, check, prepare, handle } = endpoint;
  const declared = new Set(declaredErrors(spec).map(keyOf));
  const requireDeclared = (outcome: unknown) => {
    if (!(outcome instanceof Failure)) return;
    if (declared.has(keyOf(seenAs(outcome)))) return;
    const error = unkept(spec, `does not declare ${keyOf(outcome)}`, outcome);
    if (strictness === 'fails') throw error;
    log.error({ err: error }, 'A refusal is not declared');
  };
  const seenAs = (outcome: Failure) => {
    if (spec.protocol === 'oauth') return oauthError(outcome);
    return spec.protocol === 'scim' ? scimError(outcome) : outcome;
  };
  const hold = (step: (context: never) => Promise<unknown>) => async (context: never) => {
    const outcome = await step(context).catch(cause => {
      requireDeclared(cause);
      throw cause;
    });
    requireDeclared(outcome);
    return outcome;
  };
  return {
    ...endpoint,
    check: check && (input => held(() => check(input), requireDeclared)),
    prepare: prepare && hold(prepare),
    handle: hold(handle),
  };
}

function held(step: () => void, requireDeclared: (cause: unknown) => void): void {
  try {
    step();
  } catch (cause) {
    requireDeclared(cause);
    throw cause;
  }
}

const keyOf = ({ status, code }: { status: number; code: string }) => `${status} ${code}`;
