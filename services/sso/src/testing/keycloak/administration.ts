/** Milliseconds for which a token is used; Keycloak takes it for a minute. */
const TOKEN_LIFETIME = 30_000;

/** Asks the admin REST API, below /admin/realms. */
export type Administration = (
  method: 'GET' | 'POST' | 'PUT' | 'DELETE',
  path: string,
  body?: object | string,
  // biome-ignore lint/suspicious/noExplicitAny: whatever Keycloak answers; the id of what was made
) => Promise<any>;

/** @param root of a Keycloak, with name and password of its administrator */
export function administration(root: string): Administration {
  const { origin, username, password } = new URL(root);
  let token: { value: string; since: number } | undefined;

  async function freshToken(): Promise<string> {
    if (token && performance.now() - token.since < TOKEN_LIFETIME) return token.value;
    const body = new URLSearchParams({ grant_type: 'password', client_id: 'admin-cli', username, password });
    const answered = await fetch(`${origin}/realms/master/protocol/openid-connect/token`, {
      method: 'POST',
      body,
    });
    const { access_token: value } = (await answered.json()) as { access_token: string };
    token = { value, since: performance.now() };
    return value;
  }

  return async (method, path, body) => {
    const answered = await fetch(`${origin}/admin/realms${path}`, {
      method,
      headers: {
        authorization: `Bearer ${await freshToken()}`,
        ...(body && { 'content-type': typeof body === 'string' ? 'text/plain' : 'application/json' }),
      },
      ...(body && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await answered.text();
    if (!answered.ok) throw new Error(`Keycloak answers ${answered.status} to ${method} ${path}: ${text}`);
    return text ? JSON.parse(text) : answered.headers.get('location')?.split('/').at(-1);
  };
}
