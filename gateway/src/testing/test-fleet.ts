import { randomInt, randomUUID } from 'node:crypto';
import {
  type AttributePolicy,
  accessTokenAudience,
  credentialKeys,
  generateInternalKeys,
} from '@rivergate/caller';
import { startTestRedis, type TestRedis } from '@rivergate/caller/test-redis';
import type { accessPolicy } from '@rivergate/contracts';
import type { ManifestRoute } from '@rivergate/endpoint';
import { prefixedToken, tokenHash } from '@rivergate/secrets';
import { SERVICES, urlVariable } from '@rivergate/service';
import { Redis } from 'ioredis';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import type { z } from 'zod';
import { startGateway } from '../gateway.ts';
import { json, type StandIn, startStandIn } from './stand-in.ts';

const publicUrl = 'http://gateway.test';

/** What identity says of a token that stands in place of a session. */
export type TestToken = {
  token_id: number;
  user_id: number | null;
  client_id: string | null;
  organization_id: number | null;
  bound: boolean;
  scopes: string[];
  key_thumbprint: string | null;
  sso_organization_id: number | null;
  created_at: string;
  expires_at: string;
  state: 'active' | 'suspended' | 'revoked';
};

type Policy = z.output<typeof accessPolicy.answer>;

const EVERYTHING: Policy = {
  ip_allow_list: [],
  personal_tokens: true,
  personal_token_max_days: null,
  organization_tokens: true,
  oauth_applications: true,
  sso: null,
  attribute_policies: false,
};

export type Member = {
  member: boolean;
  is_admin: boolean;
  permissions: string[];
  role_ids?: number[];
  workspaces?: { workspace_ids: number[]; permissions: string[] }[];
  plan: string | null;
};

/** A gateway in front of stand-ins, with a Redis of its own and tokens by a key of its own. */
export type TestFleet = {
  url: string;
  redis: Redis;
  redisServer: TestRedis;
  /** The service whose endpoints the test declares. */
  storage: StandIn;
  identity: StandIn;
  organization: StandIn;
  env: NodeJS.ProcessEnv;
  internal: { INTERNAL_KEY: Record<string, string>; INTERNAL_JWKS: string };
  /** What identity says of sessions and organization of members, by id. */
  sessions: Map<
    number,
    {
      user_id: number;
      active: boolean;
      is_system_admin: boolean;
      must_enrol: boolean;
      device_trusted?: boolean;
    }
  >;
  members: Map<string, Member>;
  /** What organization says of the policies of organizations, by id; of others, that they admit everything. */
  policies: Map<number, Partial<Policy>>;
  /** What sso says of the policies by attributes of organizations, by id. */
  attributePolicies: Map<number, AttributePolicy[]>;
  sso: StandIn;
  /** What identity says of tokens, by hash. */
  tokens: Map<string, TestToken>;
  /** A token that identity knows from now on; a personal access token where none is given. */
  issueToken(facts: Partial<TestToken> & { user_id: number | null }, token?: string): string;
  /** A signed-in user: session known to identity, member of the organization. */
  signIn(
    more?: Partial<Member> & { organizationId?: number | null; isSystemAdmin?: boolean; mustEnrol?: boolean },
  ): Promise<SignedIn>;
  token(claims?: Record<string, unknown>, header?: Record<string, unknown>): Promise<string>;
  /** Signs with a new key from now on; identity publishes no other. */
  rotateKey(kid: string): Promise<void>;
  get(path: string, headers?: Record<string, string>): Promise<Response>;
  stop(): Promise<void>;
};

export type SignedIn = {
  userId: number;
  sessionId: number;
  organizationId: number | null;
  token: string;
  headers: { authorization: string };
};

export const someId = () => randomInt(1, 2 ** 40);

export async function startTestFleet(
  routes: ManifestRoute[],
  more: { env?: NodeJS.ProcessEnv; redis?: TestRedis } = {},
): Promise<TestFleet> {
  const internal = generateInternalKeys(['gateway', ...SERVICES.map(({ name }) => name)]);
  const keysOf = (name: (typeof SERVICES)[number]['name']) =>
    credentialKeys({ INTERNAL_KEY: internal.INTERNAL_KEY[name], INTERNAL_JWKS: internal.INTERNAL_JWKS });
  const redisServer = more.redis ?? (await startTestRedis());
  const redis = new Redis(redisServer.url, { retryStrategy: () => 20 });
  redis.on('error', () => {});
  const standIns = new Map<string, StandIn>();
  for (const { name } of SERVICES) {
    standIns.set(name, await startStandIn(name, keysOf(name), name === 'storage' ? routes : []));
    await redis.del(`gateway:manifest:${name}`);
  }
  const identity = standIns.get('identity')!;
  const organization = standIns.get('organization')!;
  const sso = standIns.get('sso')!;
  const newKey = async (kid: string) => {
    const { privateKey, publicKey } = await generateKeyPair('ES256');
    return { kid, privateKey, jwk: { ...(await exportJWK(publicKey)), kid, alg: 'ES256', use: 'sig' } };
  };
  let signing = await newKey('test');
  const sessions: TestFleet['sessions'] = new Map();
  const members: TestFleet['members'] = new Map();
  const policies: TestFleet['policies'] = new Map();
  const attributePolicies: TestFleet['attributePolicies'] = new Map();
  const tokens: TestFleet['tokens'] = new Map();

  identity.handle = (_, response, { url, principal, body }) => {
    if (!principal) return json(response, 401, {});
    if (url === '/internal/tokens/state') {
      const known = tokens.get(JSON.parse(body).token_hash);
      if (known) return json(response, 200, { success: true, data: known });
      return json(response, 404, { success: false, error: { code: 'TOKEN_NOT_FOUND', message: '' } });
    }
    if (url === '/.well-known/jwks.json') return json(response, 200, { keys: [signing.jwk] });
    const id = Number(/^\/internal\/sessions\/(\d+)$/.exec(url)?.[1]);
    const session = sessions.get(id);
    if (!session)
      return json(response, 404, { success: false, error: { code: 'SESSION_NOT_FOUND', message: '' } });
    json(response, 200, { success: true, data: { session_id: id, ...session } });
  };
  organization.handle = (_, response, { url, principal }) => {
    if (!principal) return json(response, 401, {});
    const policyOf = /^\/internal\/organizations\/(\d+)\/access-policy$/.exec(url)?.[1];
    if (policyOf)
      return json(response, 200, {
        success: true,
        data: {
          ...EVERYTHING,
          attribute_policies: attributePolicies.has(Number(policyOf)),
          ...policies.get(Number(policyOf)),
        },
      });
    const ids = /^\/internal\/organizations\/(\d+)\/principals\/(\d+)$/.exec(url);
    if (!ids) return json(response, 401, {});
    const stranger: Member = { member: false, is_admin: false, permissions: [], plan: null };
    const member = members.get(`${ids[1]}:${ids[2]}`) ?? stranger;
    json(response, 200, { success: true, data: { workspaces: [], ...member } });
  };

  sso.handle = (_, response, { url, principal }) => {
    const of = /^\/internal\/organizations\/(\d+)\/attribute-policies$/.exec(url)?.[1];
    if (!principal || !of) return json(response, 401, {});
    json(response, 200, { success: true, data: { policies: attributePolicies.get(Number(of)) ?? [] } });
  };

  const env: NodeJS.ProcessEnv = {
    PORT: '0',
    PUBLIC_URL: publicUrl,
    REDIS_URL: redisServer.url,
    LOG_LEVEL: process.env.LOG_LEVEL ?? 'silent',
    INTERNAL_KEY: internal.INTERNAL_KEY.gateway,
    INTERNAL_JWKS: internal.INTERNAL_JWKS,
    // Off, so that many tests can share one address; the tests of the limits say otherwise.
    RATE_LIMIT_STANDARD: 'off',
    RATE_LIMIT_PREMIUM: 'off',
    RATE_LIMIT_ADMIN: 'off',
    ...Object.fromEntries([...standIns].map(([name, { url }]) => [urlVariable(name), url])),
    ...more.env,
  };
  const gateway = await startGateway(env);

  const token: TestFleet['token'] = (claims = {}, header = {}) => {
    const now = Math.floor(Date.now() / 1000);
    const given = {
      iss: publicUrl,
      aud: accessTokenAudience,
      iat: now,
      exp: now + 600,
      jti: randomUUID(),
      amr: ['pwd'],
      scope: '',
    };
    return new SignJWT({ ...given, ...claims })
      .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid: signing.kid, ...header })
      .sign(signing.privateKey);
  };

  return {
    url: gateway.url,
    redis,
    redisServer,
    storage: standIns.get('storage')!,
    identity,
    organization,
    env,
    internal,
    sessions,
    members,
    policies,
    attributePolicies,
    sso,
    tokens,
    issueToken(facts, issued = prefixedToken('pat')) {
      const usual = {
        token_id: someId(),
        client_id: null,
        organization_id: null,
        bound: false,
        scopes: ['read'],
        key_thumbprint: null,
        sso_organization_id: null,
        created_at: new Date().toISOString(),
        expires_at: new Date(Date.now() + 3_600_000).toISOString(),
        state: 'active' as const,
      };
      tokens.set(tokenHash(issued), { ...usual, ...facts });
      return issued;
    },
    token,
    async rotateKey(kid) {
      signing = await newKey(kid);
    },
    get: (path, headers = {}) => fetch(gateway.url + path, { headers }),
    async signIn({ organizationId = someId(), isSystemAdmin = false, mustEnrol = false, ...member } = {}) {
      const [userId, sessionId] = [someId(), someId()];
      sessions.set(sessionId, {
        user_id: userId,
        active: true,
        is_system_admin: isSystemAdmin,
        must_enrol: mustEnrol,
      });
      if (organizationId !== null) {
        const usual: Member = {
          member: true,
          is_admin: false,
          permissions: ['storage.read'],
          plan: 'individual',
        };
        members.set(`${organizationId}:${userId}`, { ...usual, ...member });
      }
      const signed = await token({ sub: String(userId), sid: sessionId, org_id: organizationId });
      return {
        userId,
        sessionId,
        organizationId,
        token: signed,
        headers: { authorization: `Bearer ${signed}` },
      };
    },
    async stop() {
      await gateway.stop();
      for (const standIn of standIns.values()) await standIn.stop();
      redis.disconnect();
      await redisServer.stop();
    },
  };
}
