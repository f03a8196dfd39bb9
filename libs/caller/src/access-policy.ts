import { BlockList, isIP } from 'node:net';
import type { AttributePolicy } from './policy-language.ts';
import type { TokenFacts, TokenKind } from './token-state.ts';

/** What an organization demands of every request in it, whoever makes it. */
export type AccessPolicy = {
  /** Networks from which it may be made, in CIDR notation (RFC 4632, section 3.1; RFC 4291, section 2.3); none: all. */
  ipAllowList: readonly string[];
  /** Whether personal access tokens act in it that are bound to no organization. */
  personalTokens: boolean;
  /** Milliseconds after which such a token acts in it no more, counted from when it was made; null for its own time. */
  personalTokenAge: number | null;
  /** Whether personal access tokens act in it that are bound to it. */
  organizationTokens: boolean;
  /** Whether tokens of OAuth applications act in it. */
  oauthApplications: boolean;
  /** Null where people act in it by whatever they have signed in with. */
  sso: SsoRequirement | null;
  /** In the order in which they are asked; sso owns them. */
  attributePolicies: readonly AttributePolicy[];
};

/** People act in the organization only by sessions that its identity provider opened, and by tokens made in these. */
export type SsoRequirement = {
  /** For whom that does not hold: break-glass administrators, and who is exempt. */
  exceptUserIds: readonly number[];
  /** Where one signs in. */
  loginUrl: string;
};

/** A request as far as a policy is about it. */
export type PolicySubject = {
  /** Canonical; null where it is not known. */
  ip: string | null;
  /** What it is made with in place of a session. */
  token: { kind: TokenKind; facts: Pick<TokenFacts, 'bound' | 'createdAt'> } | null;
  /** Who really acts; null for a program that stands for nobody. */
  userId: number | null;
  /** Whether the organization's identity provider opened the session, or the one in which the token was made. */
  bySso: boolean;
};

/** Why a policy refuses a request; null where it does not. */
export function refusalUnder(policy: AccessPolicy, subject: PolicySubject): 'ip' | 'token' | 'sso' | null {
  const { ip, token } = subject;
  if (!admits(policy.ipAllowList, ip)) return 'ip';
  if (token !== null && !acts(policy, token)) return 'token';
  return policy.sso === null || isEntitled(policy.sso, subject) ? null : 'sso';
}

function isEntitled({ exceptUserIds }: SsoRequirement, { userId, bySso }: PolicySubject): boolean {
  return bySso || userId === null || exceptUserIds.includes(userId);
}

function acts(policy: AccessPolicy, { kind, facts }: NonNullable<PolicySubject['token']>): boolean {
  if (kind === 'oauth') return policy.oauthApplications;
  if (facts.bound) return policy.organizationTokens;
  const { personalTokens, personalTokenAge } = policy;
  return personalTokens && (personalTokenAge === null || facts.createdAt + personalTokenAge > Date.now());
}

/** An IPv4 address is not looked for among networks of IPv6: `::/64` would hold it, mapped (RFC 4291, section 2.5.5.2). */
type Networks = { ipv4: BlockList; ipv6: BlockList };

/** By the list: as long as that is known, it has not to be read again. */
const read = new WeakMap<readonly string[], Networks>();

/**
 * Whether an address lies in one of the networks; from an empty list, wherever it lies.
 *
 * @param list in CIDR notation, without IPv4 mapped into IPv6
 * @param ip canonical; null, which lies nowhere, where it is not known
 */
export function admits(list: readonly string[], ip: string | null): boolean {
  if (list.length === 0) return true;
  const version = ip === null ? 0 : isIP(ip);
  if (version === 0) return false;
  let networks = read.get(list);
  if (!networks) {
    networks = networksOf(list);
    read.set(list, networks);
  }
  return version === 4 ? networks.ipv4.check(ip!, 'ipv4') : networks.ipv6.check(ip!, 'ipv6');
}

function networksOf(list: readonly string[]): Networks {
  const networks = { ipv4: new BlockList(), ipv6: new BlockList() };
  for (const cidr of list) {
    const [address, length] = cidr.split('/') as [string, string];
    const family = isIP(address) === 4 ? 'ipv4' : 'ipv6';
    networks[family].addSubnet(address, Number(length), family);
  }
  return networks;
}
