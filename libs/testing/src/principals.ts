import {
  anonymous,
  type Principal,
  type PrincipalToken,
  type Scope,
  servicePrincipal,
} from '@rivergate/caller';

const ADDRESS = '192.0.2.1';

/** Someone who is not signed in. */
export function nobody(ip = ADDRESS): Principal {
  return anonymous(ip);
}

/** A signed-in user, by default a member without rights of organization 1, if of any. */
export function signedIn(facts: Partial<Principal> & { userId: number }): Principal {
  return {
    ...anonymous(ADDRESS),
    kind: 'user',
    sessionId: 1,
    authTime: Math.floor(Date.now() / 1000),
    isMember: facts.organizationId !== undefined,
    ...facts,
  };
}

/** The same user by a token that stands in place of a session. */
export function byToken(
  user: Principal,
  token: Partial<PrincipalToken> & { scope: readonly Scope[] },
): Principal {
  const { scope, ...facts } = token;
  const isAdmin = user.isAdmin && scope.includes('admin');
  return {
    ...user,
    sessionId: null,
    authTime: null,
    isAdmin,
    isSystemAdmin: false,
    scope,
    token: { kind: 'pat', id: 1, hash: '0'.repeat(64), boundTo: null, ...facts },
  };
}

/** The same user, but that somebody else acts in their name, in that organization. */
export function impersonated(user: Principal, impersonator: number): Principal {
  const { organizationId } = user;
  return { ...user, authTime: null, impersonator: { userId: impersonator, boundTo: organizationId! } };
}

/** An administrator of the organization. */
export function administrator(
  facts: Partial<Principal> & { userId: number; organizationId: number },
): Principal {
  return signedIn({ isAdmin: true, permissions: ['*'], plan: 'enterprise', ...facts });
}

/** Another service, acting for nobody unless told for whom. */
export function fellowService(name: string, facts: Partial<Principal> = {}): Principal {
  return { ...servicePrincipal(name), ...facts };
}
