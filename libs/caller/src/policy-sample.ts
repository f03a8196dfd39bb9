import type { PolicyPrincipal, PolicyRequest, RequestedOperation } from './policy-attributes.ts';
import type { TokenKind } from './token-state.ts';

/**
 * What of a request is remembered for a day, so that a policy can be tried on it: what conditions can ask about, and no
 * path, query, header or body. One text for all requests that conditions cannot tell apart.
 */

/** Milliseconds to which the time of a request is remembered, within its hour. */
export const QUARTER = 900_000;
export const HOUR = 3_600_000;

/** Seconds to which the age of an authentication is rounded up. What is older than all is remembered as older than all. */
const AGES = [60, 300, 600, 900, 1_800, 3_600, 7_200, 14_400, 28_800, 43_200, 86_400, 604_800, 2_592_000];
const OLDER = 31_536_001;

/** @param age seconds, not below 0; null where there was no such authentication */
export function roundedAge(age: number | null): number | null {
  return age === null ? null : (AGES.find(bound => age <= bound) ?? OLDER);
}

/** What a user holds in an organization, which many requests share, so that it stands apart. */
export type Held = Pick<PolicyPrincipal, 'permissions' | 'roleIds'>;

/** What is read again; the time is the beginning of a quarter of an hour. */
export type SampledRequest = { request: PolicyRequest; at: number };

/** The caller as the beginning of a sample, with all but the age of the authentication. @param held by what its rights are found again */
export function sampledCaller(principal: PolicyPrincipal, held: string): string {
  const { userId, isAdmin, impersonator, amr, secondFactorOmitted, deviceTrusted } = principal;
  const flags =
    (isAdmin ? 1 : 0) +
    (impersonator === null ? 0 : 2) +
    (secondFactorOmitted ? 4 : 0) +
    (deviceTrusted ? 8 : 0);
  const { token, clientId, ip, workspaceId } = principal;
  const caller = [userId, flags, held, amr.join(' '), token?.kind ?? null, clientId, ip, workspaceId];
  return JSON.stringify(caller).slice(0, -1);
}

/** The rest of it. @param quarter of the hour, from 0 */
export function sampleOf(
  caller: string,
  { operation, method, caller: right }: RequestedOperation,
  age: number | null,
  quarter: number,
): string {
  return `${caller},${JSON.stringify([operation ?? null, method, right, age, quarter]).slice(1)}`;
}

type Parts = [
  userId: number | null,
  flags: number,
  held: string,
  amr: string,
  token: TokenKind | null,
  clientId: string | null,
  ip: string | null,
  workspaceId: number | null,
  operation: string | null,
  method: string,
  right: string,
  age: number | null,
  quarter: number,
];

const [number, text] = [Number.isSafeInteger, (part: unknown) => typeof part === 'string'];
const maybe = (is: (part: unknown) => boolean) => (part: unknown) => part === null || is(part);
const SHAPE = [
  ...[maybe(number), number, text, text, maybe(text), maybe(text), maybe(text), maybe(number)],
  ...[
    maybe(text),
    text,
    text,
    maybe(number),
    (part: unknown) => number(part) && [0, 1, 2, 3].includes(part as number),
  ],
];

/**
 * Null for what is no sample of this version, and where what the caller held is not there.
 *
 * @param hour milliseconds since 1970 at its beginning
 */
export function requestOf(
  sample: string,
  hour: number,
  heldBy: (key: string) => Held | null,
): SampledRequest | null {
  const parts = parsed(sample);
  if (!Array.isArray(parts) || parts.length !== SHAPE.length) return null;
  if (!SHAPE.every((is, index) => is(parts[index]))) return null;
  const [userId, flags, key, amr, kind, clientId, ip, workspaceId, operation, method, caller, age, quarter] =
    parts as Parts;
  const held = heldBy(key);
  if (held === null) return null;
  const at = hour + quarter * QUARTER;
  const principal: PolicyPrincipal = {
    userId,
    isAdmin: (flags & 1) !== 0,
    impersonator: (flags & 2) === 0 ? null : {},
    ...held,
    amr: amr === '' ? [] : amr.split(' '),
    authTime: age === null ? null : at / 1000 - age,
    secondFactorOmitted: (flags & 4) !== 0,
    deviceTrusted: (flags & 8) !== 0,
    token: kind === null ? null : { kind },
    clientId,
    workspaceId,
    ip,
  };
  return { request: { principal, operation: { operation: operation ?? undefined, method, caller } }, at };
}

/** Null for what is none. */
export function heldIn(kept: string | undefined): Held | null {
  const found = kept === undefined ? undefined : parsed(kept);
  if (!Array.isArray(found) || found.length !== 2) return null;
  const [permissions, roleIds] = found as unknown[];
  if (!Array.isArray(permissions) || !permissions.every(text)) return null;
  if (roleIds !== null && !(Array.isArray(roleIds) && roleIds.every(number))) return null;
  return { permissions: permissions as string[], roleIds: roleIds as number[] | null };
}

function parsed(given: string): unknown {
  try {
    return JSON.parse(given);
  } catch {
    return undefined;
  }
}
