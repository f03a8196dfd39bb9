/**
 * What a token can be allowed, each for itself: `read` what only reads, `write` what changes or executes, `admin` what is
 * reserved to the administrators of an organization. None implies another.
 */
export const SCOPES = ['read', 'write', 'admin'] as const;

export type Scope = (typeof SCOPES)[number];
