import type { Briefly } from '@rivergate/endpoint';
import type { SsoTools } from '../endpoint.ts';
import type { Login } from '../logins/login-store.ts';
import type { ForLogout } from '../logins/ticket-store.ts';
import { keysOf } from '../provider-keys/key-store.ts';
import { addressOf } from '../providers/address.ts';
import { enterProvider, type ProviderRow, type SamlProvider } from '../providers/provider-store.ts';
import { partiesOf } from '../providers/saml-parties.ts';
import { logoutRequest, rememberRequest } from '../saml/index.ts';
import { keepForm } from './kept-form.ts';

type Tools = Pick<SsoTools, 'publicUrl' | 'relyingParty' | 'redis' | 'secretBox'> & { briefly: Briefly };

interface SignedIn {
  provider: ProviderRow;
  login: Login;
  forLogout: ForLogout;
}

/**
 * Where a browser goes to sign somebody out at the provider that signed them in, by its protocol.
 *
 * @returns null where the provider takes no logouts, or none any more
 * @throws SignInRefusal
 */
export async function requestLogout(tools: Tools, signedIn: SignedIn, state: string): Promise<string | null> {
  const { provider, login, forLogout } = signedIn;
  if (provider.status !== 'active') return null;
  if (provider.provider_type === 'saml') return await requestSamlLogout(tools, provider, signedIn, state);
  const redirectUri = addressOf(tools.publicUrl, provider.id, 'logout/callback');
  const { idToken } = forLogout;
  return await tools.relyingParty.endSessionUrl(provider, {
    redirectUri,
    state,
    idToken,
    subject: login.subject,
  });
}

async function requestSamlLogout(
  { publicUrl, redis, secretBox, briefly }: Tools,
  provider: SamlProvider,
  { login, forLogout }: Omit<SignedIn, 'provider'>,
  state: string,
): Promise<string | null> {
  const keys = await briefly(async db => {
    await enterProvider(db, provider.id);
    return await keysOf(db, secretBox, provider);
  });
  const parties = partiesOf(publicUrl, provider, keys);
  const { logout } = parties.identityProvider;
  // Of a sign-in before the platform kept what a request has to repeat.
  const { nameIdFormat, nameQualifier, spNameQualifier } = forLogout;
  if (!logout || nameIdFormat === undefined) return null;
  const who = {
    nameId: login.subject,
    nameIdFormat,
    nameQualifier,
    spNameQualifier,
    sessionIndex: login.session_index,
  };
  const { id, sending } = logoutRequest(who, { ...parties, logout });
  const sent = { issuer: provider.entity_id, audience: parties.serviceProvider.entityId };
  await rememberRequest(redis, { kind: 'logout', ...sent, id }, state);
  if (sending.binding === 'redirect') return sending.url;
  return `${addressOf(publicUrl, provider.id, 'slo')}/${await keepForm(redis, secretBox, provider.id, sending)}`;
}
