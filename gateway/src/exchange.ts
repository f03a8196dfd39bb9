import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Span } from '@opentelemetry/api';
import type { Access, PolicyRequest, PolicySubject, Principal, RateLimitVerdict } from '@rivergate/caller';
import type { HeaderLine } from './answer/header-line.ts';
import type { Route } from './routes/route.ts';
import type { AccessToken } from './tokens/access-token.ts';

/** An upgraded connection on its way to a service, in place of a response. */
export type Upgrade = { socket: Duplex; head: Buffer };

/** How many requests of an address or a user are open. */
export type Open = { readonly key: string; requests: number };

/** A request as the policy of the organization that it acts on sees it. */
export type OrganizationSubject = PolicySubject & PolicyRequest & { organizationId: number };

/** One request on its way through the pipeline: every step reads what came before it and adds its own. */
export type Exchange = {
  readonly request: IncomingMessage;
  /** Null for an upgrade. */
  readonly response: ServerResponse | null;
  readonly upgrade: Upgrade | null;
  /** Milliseconds, monotonic. */
  readonly startedAt: number;
  /** Status answered, for the log and the metrics. */
  status: number;
  /** Whether it was answered or the client left. */
  over: boolean;
  /** Where it is counted among the requests that are open. */
  readonly countedOpen: Open[];

  // request identity
  id: string;
  ip: string;
  /** Headers of a cross-origin answer; empty for a request that names no origin. */
  crossOrigin: readonly HeaderLine[];
  // trace
  traceparent: string | null;
  span: Span | null;
  // route
  /** Canonical path, without query; what the service sees and the credential is for. */
  path: string;
  /** With its question mark, or empty. */
  query: string;
  route: Route | null;
  /** The organization that the path names, if it does so properly. */
  pathOrganizationId: number | null;
  /** The workspace that the path names, if it does so properly. */
  pathWorkspaceId: number | null;
  // authenticate
  token: AccessToken | null;
  /** What the client's next DPoP proof is to repeat, where that has changed. */
  dpopNonce: string | null;
  // gather
  /** The moment for which what `access` says is known to be true: milliseconds, monotonic. */
  decidedAt: number;
  access: Access | null;
  // rate limit
  general: RateLimitVerdict | null;
  // principal
  principal: Principal | null;
  // organization policy
  /** What the policy of an organization is asked about; null where none holds. */
  subject: OrganizationSubject | null;
};

export function openExchange(
  request: IncomingMessage,
  response: ServerResponse | null,
  upgrade: Upgrade | null,
): Exchange {
  return {
    request,
    response,
    upgrade,
    startedAt: performance.now(),
    status: 0,
    over: false,
    countedOpen: [],
    id: '',
    ip: '',
    crossOrigin: [],
    traceparent: null,
    span: null,
    path: '',
    query: '',
    route: null,
    pathOrganizationId: null,
    pathWorkspaceId: null,
    token: null,
    dpopNonce: null,
    decidedAt: 0,
    access: null,
    general: null,
    principal: null,
    subject: null,
  };
}
