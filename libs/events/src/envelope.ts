/** CloudEvents 1.0, JSON format. The extensions are strings, as the specification's integers end at 32 bits. */
export interface CloudEvent<Data = Record<string, unknown>> {
  specversion: '1.0';
  /** UUID; the inbox knows an event by it. */
  id: string;
  /** `/rivergate/<service>` */
  source: string;
  type: string;
  /** The aggregate's id. */
  subject: string;
  /** RFC 3339 */
  time: string;
  datacontenttype: 'application/json';
  dataschema: string;
  data: Data;
  /** Decimal id of the organization that the fact belongs to. */
  organizationid?: string;
  /** A user's decimal id, `service:<name>`, or `anonymous`. */
  actor: string;
  /** Decimal id of who acted in the actor's name. */
  impersonator?: string;
  /** Network address of the actor. For the audit log, as actoragent: neither leaves the fleet with an event. */
  actorip?: string;
  /** User agent of the actor, without control characters. */
  actoragent?: string;
  /** W3C Trace Context of the request that caused it (CloudEvents' distributed tracing extension). */
  traceparent?: string;
  requestid?: string;
  /** Set on a replayed dead letter: only this consumer group handles it. */
  replayfor?: string;
}

/** Who did it, and from where: goes into the audit log and into the envelope, for the audit logs of other services. */
export interface Actor {
  userId: number | null;
  /** Who acts in the name of that user, where somebody does. */
  impersonatorId?: number | null;
  /** Name of the service that acts, where no user does. */
  service?: string | null;
  ip: string | null;
  userAgent: string | null;
  requestId: string | null;
  traceparent: string | null;
}

/**
 * A service that acts by itself, without a request.
 *
 * @param userId for whom it does so, where it is for somebody
 */
export function serviceActor(service: string, userId: number | null = null): Actor {
  return { userId, service, ip: null, userAgent: null, requestId: null, traceparent: null };
}

/** The form in which envelope and audit log name an actor. */
export function actorName(actor: Pick<Actor, 'userId' | 'service'>): string {
  if (actor.userId !== null) return String(actor.userId);
  return actor.service ? `service:${actor.service}` : 'anonymous';
}
