/**
 * SQL, for statements on `sessions`: a limit that the session's organization sets; null where it sets none. Asked in
 * the statement itself, so that a change counts at once, and for sessions that were opened before it.
 *
 * @param organization SQL of another organization's id, instead of the one the session is in
 */
export function organizationLimit(limit: string, organization = 'sessions.organization_id'): string {
  return `(select ${limit} from organization_policies as policy where policy.organization_id = ${organization})`;
}

/**
 * SQL, for statements on `sessions`: when the session ends unless it is revoked. Its organization may shorten its time,
 * counted from the login. The one place that says so; `expires_at` alone is only the longest it can last.
 *
 * @param organization SQL of another organization's id, instead of the one the session is in
 */
export function endsAt(organization?: string): string {
  const seconds = organizationLimit(
    'case when sessions.remember_me then policy.remembered_session_seconds else policy.session_seconds end',
    organization,
  );
  // LEAST leaves nulls out.
  return `least(sessions.expires_at, sessions.created_at + ${seconds} * interval '1 second')`;
}
