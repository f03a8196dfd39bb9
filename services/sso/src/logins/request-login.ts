import type { SsoTools } from '../endpoint.ts';
import type { OidcFlow } from '../oidc/relying-party.ts';
import { addressOf } from '../providers/address.ts';
import type { ProviderRow } from '../providers/provider-store.ts';
import { partiesOf } from '../providers/saml-parties.ts';
import { type KeyPair, loginRequest, rememberRequest } from '../saml/index.ts';

/** What belongs to a login that is asked for. */
interface Asked extends OidcFlow {
  state: string;
  /** Of the page that began it. */
  pageState: string;
  loginHint: string | undefined;
}

/** What asks a provider for a login, by its protocol. @throws SignInRefusal */
export async function requestLogin(
  {
    publicUrl,
    relyingParty,
    redis,
    keys,
  }: Pick<SsoTools, 'publicUrl' | 'relyingParty' | 'redis'> & {
    /** Of the platform for a SAML provider. */
    keys: readonly KeyPair[];
  },
  provider: ProviderRow,
  { pageState, ...asked }: Asked,
): Promise<string> {
  if (provider.provider_type === 'oidc') {
    const redirectUri = addressOf(publicUrl, provider.id, 'callback');
    return await relyingParty.authorizationUrl(provider, { ...asked, redirectUri });
  }
  const parties = partiesOf(publicUrl, provider, keys);
  // What comes back with a refused answer says only which page it is of.
  const { id, url } = loginRequest(parties, { relayState: pageState, sign: provider.sign_requests });
  const { entityId: audience } = parties.serviceProvider;
  await rememberRequest(redis, { kind: 'login', issuer: provider.entity_id, audience, id }, asked.state);
  return url;
}
