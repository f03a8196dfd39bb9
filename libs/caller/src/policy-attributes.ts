import type { Attributes } from './policy-language.ts';
import type { Principal, PrincipalToken } from './principal.ts';

/** What a request asks for: of an endpoint's declaration, or of a route that was made of it. */
export type RequestedOperation = {
  /** As clients call it; absent in what a service of an earlier version has told. */
  operation?: string | undefined;
  method: string;
  /** Who may call it: `perm:` and a permission, or a word such as `admin`. */
  caller: string;
};

/** Who asks, as far as policies by attributes read of it. */
export type PolicyPrincipal = Pick<
  Principal,
  | 'userId'
  | 'isAdmin'
  | 'permissions'
  | 'roleIds'
  | 'amr'
  | 'authTime'
  | 'secondFactorOmitted'
  | 'deviceTrusted'
  | 'clientId'
  | 'workspaceId'
  | 'ip'
> & {
  impersonator: object | null;
  token: Pick<PrincipalToken, 'kind'> | null;
};

/** A request as policies by attributes see it. */
export type PolicyRequest = { principal: PolicyPrincipal; operation: RequestedOperation };

/** @param now milliseconds since 1970 */
export function attributesOf({ principal, operation }: PolicyRequest, now = Date.now()): Attributes {
  return name => {
    switch (name) {
      case 'user.id':
        return principal.userId ?? undefined;
      case 'user.is_admin':
        return principal.userId === null ? undefined : principal.isAdmin;
      case 'user.impersonated':
        return principal.userId === null ? undefined : principal.impersonator !== null;
      case 'user.permissions':
        return principal.permissions;
      case 'user.roles':
        return principal.userId === null ? undefined : (principal.roleIds ?? undefined);
      case 'session.amr':
        return principal.token === null ? principal.amr : undefined;
      case 'session.age':
        return principal.authTime === null ? undefined : Math.max(0, now / 1000 - principal.authTime);
      case 'session.second_factor_omitted':
        return principal.token === null ? principal.secondFactorOmitted : undefined;
      case 'device.trusted':
        return principal.token === null ? principal.deviceTrusted : undefined;
      case 'token.kind':
        return principal.token === null ? 'session' : principal.token.kind;
      case 'token.client_id':
        return principal.clientId ?? undefined;
      case 'request.ip':
        return principal.ip ?? undefined;
      case 'request.time':
        return now;
      case 'request.method':
        return operation.method.toUpperCase();
      case 'workspace.id':
        return principal.workspaceId ?? undefined;
      case 'resource.operation':
        return operation.operation;
      case 'resource.permission':
        return permissionOf(operation.caller);
      default:
        return undefined;
    }
  };
}

function permissionOf(caller: string): string | undefined {
  if (caller === 'admin') return caller;
  return caller.startsWith('perm:') ? caller.slice(5) : undefined;
}
