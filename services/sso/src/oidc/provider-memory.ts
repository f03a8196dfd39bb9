import type { Outbound } from '@rivergate/outbound';
import type { SecretBox } from '@rivergate/secrets';
import { createRemoteJWKSet, type JWTVerifyGetKey, customFetch as joseFetch } from 'jose';
import {
  allowInsecureRequests,
  type ClientAuth,
  ClientSecretBasic,
  ClientSecretPost,
  type Configuration,
  customFetch,
  discovery,
  enableNonRepudiationChecks,
  None,
} from 'openid-client';
import { SignInRefusal } from '../attempts/refusal.ts';
import { type OidcProvider, openSecret } from '../providers/provider-store.ts';
import { outboundReasonOf, refusalOf } from './refusal-of.ts';

/** Seconds for which a provider is waited for, each time that it is asked. */
const TIMEOUT = 5;
/** Bytes of one answer: ID tokens with thousands of groups are smaller. */
const LARGEST_ANSWER = 256 * 1024;
/** Milliseconds for which a discovery document counts. */
const METADATA_LIFETIME = 3_600_000;
/** Milliseconds after which what is known of a provider is fetched anew where it has led to a refusal, as after a change of keys. */
const BETWEEN_FETCHES = 30_000;
/** Providers that a process remembers. */
const REMEMBERED = 1_000;

/** What a provider is asked by, before it is stored as well. */
export type Asked = Pick<
  OidcProvider,
  'issuer' | 'client_id' | 'client_secret_sealed' | 'organization_id' | 'scopes'
>;

interface Known {
  version: number;
  since: number;
  configuration: Promise<Configuration>;
}

/** What this process knows of providers: what they publish, and their keys. */
export interface ProviderMemory {
  /** What a provider publishes, fetched anew. @throws SignInRefusal */
  discovered(provider: Asked): Promise<Configuration>;
  /**
   * Asks a provider by what is known of it.
   *
   * @param means what failures are
   * @throws SignInRefusal
   */
  asking<Answer>(
    provider: OidcProvider,
    means: Parameters<typeof refusalOf>[1],
    ask: (configuration: Configuration) => Promise<Answer>,
  ): Promise<Answer>;
  /** For what openid-client does not verify. */
  keysOf(configuration: Configuration): JWTVerifyGetKey;
}

export function providerMemory({
  outbound,
  secretBox,
}: {
  outbound: Outbound;
  secretBox: SecretBox;
}): ProviderMemory {
  const fetch = outbound.fetch({ deadline: TIMEOUT * 1_000, maxBytes: LARGEST_ANSWER });
  const known = new Map<number, Known>();

  async function discovered(provider: Asked): Promise<Configuration> {
    const issuer = new URL(provider.issuer);
    const configuration = await discovery(
      issuer,
      provider.client_id,
      undefined,
      authenticationOf(openSecret(secretBox, provider)),
      {
        timeout: TIMEOUT,
        [customFetch]: (url, request) => fetch(url, request as RequestInit),
        execute: [
          enableNonRepudiationChecks,
          ...(issuer.protocol === 'http:' ? [allowInsecureRequests] : []),
        ],
      },
    ).catch(cause => {
      const reason = outboundReasonOf(cause);
      throw reason === undefined
        ? new SignInRefusal('DISCOVERY_FAILED')
        : new SignInRefusal('PROVIDER_UNREACHABLE', reason);
    });
    // The library lets a provider stand for all tenants of its maker, whose users anybody can make.
    if (!isSameIssuer(configuration.serverMetadata().issuer, provider.issuer))
      throw new SignInRefusal('DISCOVERY_FAILED');
    return configuration;
  }

  /** As it was found within the last hour; asked for once by all who need it at the same time. */
  function remembered(provider: OidcProvider): Known {
    const version = provider.updated_at.getTime();
    const found = known.get(provider.id);
    if (found?.version === version && performance.now() - found.since < METADATA_LIFETIME) return found;
    const fresh = { version, since: performance.now(), configuration: discovered(provider) };
    known.delete(provider.id);
    known.set(provider.id, fresh);
    if (known.size > REMEMBERED) known.delete(known.keys().next().value!);
    fresh.configuration.catch(() => forget(provider.id, fresh));
    return fresh;
  }

  function forget(id: number, mine: Known): void {
    if (known.get(id) === mine) known.delete(id);
  }

  const keySets = new WeakMap<Configuration, JWTVerifyGetKey>();
  function keysOf(configuration: Configuration): JWTVerifyGetKey {
    const found = keySets.get(configuration);
    if (found) return found;
    const { jwks_uri } = configuration.serverMetadata();
    if (jwks_uri === undefined) throw new SignInRefusal('DISCOVERY_FAILED');
    const keys = createRemoteJWKSet(new URL(jwks_uri), {
      cooldownDuration: BETWEEN_FETCHES,
      [joseFetch]: (url, request) => fetch(url, request as RequestInit),
    });
    keySets.set(configuration, keys);
    return keys;
  }

  /** Where it leads to a refusal, what was known of the provider may be out of date. */
  async function asking<Answer>(
    provider: OidcProvider,
    means: Parameters<typeof refusalOf>[1],
    ask: (configuration: Configuration) => Promise<Answer>,
  ): Promise<Answer> {
    const mine = remembered(provider);
    const configuration = await mine.configuration;
    try {
      return await ask(configuration);
    } catch (cause) {
      if (performance.now() - mine.since >= BETWEEN_FETCHES) forget(provider.id, mine);
      throw refusalOf(cause, means);
    }
  }

  return { discovered, asking, keysOf };
}

/** By the request's body where the provider takes that, since ids with special characters are coded there in one way only. */
function authenticationOf(secret: string | null): ClientAuth {
  if (secret === null) return None();
  const [post, basic] = [ClientSecretPost(secret), ClientSecretBasic(secret)];
  return (server, client, body, headers) => {
    const takesPost = server.token_endpoint_auth_methods_supported?.includes('client_secret_post');
    (takesPost ? post : basic)(server, client, body, headers);
  };
}

const isSameIssuer = (published: string, given: string) =>
  URL.parse(published)?.href === URL.parse(given)?.href;
