import { countedAddress, type Principal } from '@rivergate/caller';
import type { SecretBox } from '@rivergate/secrets';
import { ValidationFailed } from './failure.ts';
import type { IdempotentRequest } from './idempotency.ts';
import type { Parts } from './input.ts';
import { isSafe } from './required-scope.ts';
import type { EndpointSpec } from './spec.ts';

const DAY = 86_400;

/**
 * What a request is kept under, if it came with a key: docs/decisions/0013.
 *
 * @param header the value of Idempotency-Key; the documented body field `idempotency_key` counts where there is none
 * @throws ValidationFailed for a key that is none, and for a guessable one where only a random one is taken
 */
export function idempotentRequest(
  spec: EndpointSpec,
  caller: Principal,
  parts: Parts,
  header: string | undefined,
  box: SecretBox,
): IdempotentRequest | undefined {
  if (isSafe(spec) || spec.idempotency === false) return undefined;
  const field = parts.body.idempotency_key;
  const key = header ?? (typeof field === 'string' ? field : undefined);
  if (key === undefined) return undefined;
  const { seconds, randomKey, spends } = spec.idempotency ?? { seconds: DAY };
  if (!/^[\x20-\x7e]{1,255}$/.test(key)) throw refused('must be 1 to 255 printable ASCII characters');
  if ((randomKey || spends) && !isRandom(key)) {
    throw refused('must be a UUID of version 4 or 7, or at least 22 random characters of A-Z a-z 0-9 - _');
  }
  return {
    key,
    scope: scopeOf(caller, spends, parts, box),
    endpoint: `${spec.method} ${spec.path}`,
    request: () => ({
      params: parts.params,
      query: parts.query,
      body: parts.body,
      ...(parts.files ? { files: parts.files.identity() } : {}),
    }),
    seconds,
  };
}

function refused(reason: string) {
  return ValidationFailed(undefined, [{ field: 'headers.idempotency-key', code: 'invalid_format', reason }]);
}

/**
 * Whose answer it is. Who is signed in: theirs, in the organization acted on. Who is not: that of the token they spend,
 * which they may send again from another address; else that of their network.
 */
function scopeOf(caller: Principal, spends: string | undefined, parts: Parts, box: SecretBox): string {
  const spent = spends && `token ${tokenHash(spends, parts, box)}`;
  if (caller.kind === 'anonymous')
    return spent ?? `network ${caller.ip ? countedAddress(caller.ip) : 'unknown'}`;
  return [
    caller.kind === 'service' ? `service ${caller.service}` : undefined,
    `user ${caller.userId}`,
    caller.impersonator ? `impersonator ${caller.impersonator.userId}` : undefined,
    caller.clientId === null ? undefined : `client ${caller.clientId}`,
    `organization ${caller.organizationId}`,
    spent,
  ]
    .filter(Boolean)
    .join(', ');
}

function tokenHash(spends: string, parts: Parts, box: SecretBox): string {
  const [part, name] = spends.split('.') as ['body' | 'params', string];
  return box.codeHash(String(parts[part][name]), 'idempotency token');
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-([0-9a-f])[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
/** Random keys have more different characters than this; what a person types at once has not. */
const FEW_CHARACTERS = 5;

/**
 * Whether nobody guesses it, as far as a look can tell. Of UUIDs, versions 4 and 7 are random (RFC 9562, sections 5.4
 * and 5.7: 122 bits, and 74 bits in each millisecond); the others come of clocks, network cards and names.
 */
function isRandom(key: string): boolean {
  const version = UUID.exec(key)?.[1];
  if (version !== undefined && version !== '4' && version !== '7') return false;
  return new Set(key).size > FEW_CHARACTERS && /^[A-Za-z0-9_-]{22,255}$/.test(key);
}
