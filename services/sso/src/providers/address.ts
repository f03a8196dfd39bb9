/** Where providers send browsers, and where they read what the platform is to them. */
export const addressOf = (
  publicUrl: string,
  providerId: number,
  end: 'callback' | 'acs' | 'metadata' | 'slo' | 'logout' | 'logout/callback',
) => `${publicUrl}/api/v1/sso/providers/${providerId}/${end}`;

/** What an OpenID provider is told of the platform. */
export const openidAddresses = (publicUrl: string, providerId: number) => ({
  redirect_uri: addressOf(publicUrl, providerId, 'callback'),
  post_logout_redirect_uri: addressOf(publicUrl, providerId, 'logout/callback'),
  backchannel_logout_uri: addressOf(publicUrl, providerId, 'logout'),
  initiate_login_uri: `${publicUrl}/sso?provider=${providerId}`,
});
