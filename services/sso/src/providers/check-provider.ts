import { OutboundFailure } from '@rivergate/outbound';
import { oneTimeToken } from '@rivergate/secrets';
import { explanationOf, refusalIn, SignInRefusal } from '../attempts/refusal.ts';
import type { SsoTools } from '../endpoint.ts';
import type { DatedKeyPair } from '../provider-keys/key-store.ts';
import { loginRequest, SamlRefusal } from '../saml/index.ts';
import { addressOf } from './address.ts';
import { fetchMetadata } from './fetch-metadata.ts';
import type { OidcProvider, ProviderRow, SamlProvider } from './provider-store.ts';
import { partiesOf } from './saml-parties.ts';

export const CHECKS = ['connection', 'metadata', 'certificate', 'authentication_flow'] as const;

/** What was found wrong, by which check. */
export interface Finding {
  check: (typeof CHECKS)[number];
  code: string;
  message: string;
}

export type Tools = Pick<SsoTools, 'outbound' | 'relyingParty' | 'publicUrl'> & {
  /** Of the platform for a SAML provider. */
  keys: readonly DatedKeyPair[];
};

/** Milliseconds before the certificate of a key of the platform ends, in which there is time to bring the next one to the provider. */
const TIME_TO_ROTATE = 60 * 86_400_000;

const finding = (check: Finding['check'], code: string, message: string): Finding[] => [
  { check, code, message },
];

/** What a failure of a fetch, of SAML or of a sign-in means. @throws what is none of these */
function findingOf(check: Finding['check'], cause: unknown): Finding[] {
  if (cause instanceof OutboundFailure) return finding(check, cause.reason.toUpperCase(), cause.message);
  if (cause instanceof SamlRefusal) return finding(check, cause.code, cause.message);
  const { reason, detail } = refusalIn(cause);
  const words = explanationOf(reason) ?? reason;
  return finding(check, reason, detail === null ? words : `${words} (${detail})`);
}

/** Whether somebody answers there, whatever they say. */
async function reach({ outbound }: Tools, url: string): Promise<Finding[]> {
  try {
    const answer = await outbound.request(url);
    await answer.discard();
    return [];
  } catch (cause) {
    return findingOf('connection', cause);
  }
}

/** Metadata or discovery document, certificates or keys, and whether the endpoints answer. */
export const checkConnection = (tools: Tools, provider: ProviderRow): Promise<Finding[]> =>
  provider.provider_type === 'saml' ? checkSaml(tools, provider) : checkOidc(tools, provider);

/** Asks for a login, without anybody who signs in. */
export const checkFlow = (tools: Tools, provider: ProviderRow): Promise<Finding[]> =>
  provider.provider_type === 'saml' ? checkSamlRequest(tools, provider) : checkOidcRequest(tools, provider);

async function checkSaml(tools: Tools, provider: SamlProvider): Promise<Finding[]> {
  const { metadata_url, entity_id, certificates, sso_url } = provider;
  const good = certificates.filter(({ expires_at }) => Date.parse(expires_at) > Date.now());
  return [
    ...(good.length > 0
      ? []
      : finding('certificate', 'EXPIRED_CERTIFICATE', 'All certificates have expired; their keys count on')),
    ...(tools.keys[0]!.expiresAt.getTime() - TIME_TO_ROTATE > Date.now()
      ? []
      : finding(
          'certificate',
          'PLATFORM_CERTIFICATE_EXPIRES',
          'The certificate by which the platform signs has expired or does so within 60 days; make the next key',
        )),
    ...(metadata_url === null ? [] : await compareMetadata(tools, { ...provider, metadata_url, entity_id })),
    ...(await reach(tools, sso_url)),
  ];
}

async function compareMetadata(
  { outbound }: Tools,
  { metadata_url, entity_id, sso_url, certificates, sign_requests }: SamlProvider & { metadata_url: string },
): Promise<Finding[]> {
  try {
    const published = await fetchMetadata(outbound, metadata_url, entity_id);
    const trusted = new Set(certificates.map(({ fingerprint }) => fingerprint));
    const unknown = published.certificates.some(({ fingerprint }) => !trusted.has(fingerprint));
    return [
      ...(unknown
        ? finding(
            'certificate',
            'UNKNOWN_CERTIFICATE',
            'The metadata has a certificate that is not trusted here yet',
          )
        : []),
      ...(published.sso_url === sso_url
        ? []
        : finding('metadata', 'SSO_URL_DIFFERS', 'The metadata names another sign-in URL')),
      ...(published.wants_signed_requests && !sign_requests
        ? finding(
            'metadata',
            'SIGNED_REQUESTS_WANTED',
            'The provider wants login requests signed; set sign_requests',
          )
        : []),
    ];
  } catch (cause) {
    return findingOf('metadata', cause);
  }
}

async function checkOidc(tools: Tools, provider: OidcProvider): Promise<Finding[]> {
  try {
    const configuration = await tools.relyingParty.configurationOf(provider);
    const { jwks_uri, authorization_endpoint } = configuration.serverMetadata();
    if (!jwks_uri || !authorization_endpoint)
      return finding(
        'metadata',
        'INCOMPLETE_METADATA',
        'The discovery document lacks an endpoint, or the keys',
      );
    return [...(await checkKeys(tools, jwks_uri)), ...(await reach(tools, authorization_endpoint))];
  } catch (cause) {
    const isFound = cause instanceof SignInRefusal && cause.reason === 'DISCOVERY_FAILED';
    return findingOf(isFound ? 'metadata' : 'connection', cause);
  }
}

async function checkKeys({ outbound }: Tools, url: string): Promise<Finding[]> {
  try {
    const answer = await outbound.request(url);
    const { keys } = (await answer.json()) as { keys?: unknown };
    const usable = Array.isArray(keys) && keys.some(key => ['RSA', 'EC', 'OKP'].includes(key?.kty));
    return usable ? [] : finding('certificate', 'NO_USABLE_KEY', 'The provider publishes no key that signs');
  } catch (cause) {
    return findingOf('certificate', cause);
  }
}

async function checkOidcRequest(
  { relyingParty, publicUrl }: Tools,
  provider: OidcProvider,
): Promise<Finding[]> {
  const redirectUri = addressOf(publicUrl, provider.id, 'callback');
  const secrets = { state: oneTimeToken(), nonce: oneTimeToken(), codeVerifier: oneTimeToken() };
  try {
    await relyingParty.authorizationUrl(provider, { ...secrets, redirectUri, loginHint: undefined });
    await relyingParty.requireKnownClient(provider, redirectUri);
    return [];
  } catch (cause) {
    return findingOf('authentication_flow', cause);
  }
}

async function checkSamlRequest(
  { outbound, publicUrl, keys }: Tools,
  provider: SamlProvider,
): Promise<Finding[]> {
  const { url } = loginRequest(partiesOf(publicUrl, provider, keys), { sign: provider.sign_requests });
  try {
    const answer = await outbound.request(url);
    await answer.discard();
    if (answer.status < 400) return [];
    const words = `The provider answers a login request with ${answer.status}; does it know the entity ID of the metadata?`;
    return finding('authentication_flow', 'REQUEST_REFUSED', words);
  } catch (cause) {
    return findingOf('authentication_flow', cause);
  }
}
