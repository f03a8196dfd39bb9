import { z } from 'zod';

const text = (max: number, description: string, ...examples: string[]) =>
  z.string().max(max).optional().meta({ description, examples });

/**
 * What OpenID Connect adds to an authorization request (Core 1.0, section 3.1.2.1). All of it is text, as the client wrote
 * it: what is wrong with it is told to the client, by redirect.
 */
export const openidParameters = {
  nonce: text(512, 'Stands in the ID token', 'n-0S6_WzA2Mj'),
  prompt: text(
    100,
    'none alone, or login, consent, select_account and create, with spaces between them',
    'login',
  ),
  max_age: text(20, 'Seconds since the user was authenticated; who was earlier has to sign in again', '3600'),
  acr_values: text(1_000, 'Preferred authentication contexts, with spaces between them', 'phr'),
  id_token_hint: text(8_192, 'ID token of the user who is expected', 'eyJhbGciOiJFUzI1NiJ9.e30.c2ln'),
  claims: text(4_096, 'JSON: claims that are asked for one by one', '{"id_token":{"email":null}}'),
  response_mode: text(
    100,
    'query, or form_post, which takes a redirect URI that is no scheme of its own and no IPv6 address',
    'query',
  ),
  login_hint: text(
    320,
    'Whom the sign-in page is to expect; it shows the address, and nothing else changes',
    'ada@example.com',
  ),
  display: text(100, 'Changes nothing', 'page'),
  ui_locales: text(255, 'Changes nothing', 'en'),
  claims_locales: text(255, 'Changes nothing', 'en'),
  request: text(16_384, 'Refused: not supported', 'eyJhbGciOiJFUzI1NiJ9.e30.c2ln'),
  request_uri: text(
    2_000,
    'What was pushed (RFC 9126), which then counts alone; any other is refused: not supported',
    'urn:ietf:params:oauth:request_uri:bNTVUTUT0bEsPTiA6kqHHkDNGk9Yt5xgMlNTFJvQn1s',
  ),
  registration: text(4_096, 'Refused: not supported', '{}'),
};

/** The same, as a request holds them. */
export type OpenidParameters = { [Name in keyof typeof openidParameters]?: string | undefined };
