import type { SsoTools } from '../endpoint.ts';
import type { OidcFlow } from '../oidc/relying-party.ts';
import type { OidcProvider } from '../providers/provider-store.ts';
import { addressOf } from './page.ts';

/** What asks a provider for a login, by its protocol. @throws SignInRefusal */
export async function requestLogin(
  { publicUrl, relyingParty }: Pick<SsoTools, 'publicUrl' | 'relyingParty'>,
  provider: OidcProvider,
  asked: OidcFlow & { state: string; loginHint: string | undefined },
): Promise<string> {
  const redirectUri = addressOf(publicUrl, provider.id, 'callback');
  return await relyingParty.authorizationUrl(provider, { ...asked, redirectUri });
}
