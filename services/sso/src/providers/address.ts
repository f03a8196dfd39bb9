/** Where providers send browsers, and where they read what the platform is to them. */
export const addressOf = (
  publicUrl: string,
  providerId: number,
  end: 'callback' | 'acs' | 'metadata' | 'slo' | 'logout' | 'logout/callback',
) => `${publicUrl}/api/v1/sso/providers/${providerId}/${end}`;
