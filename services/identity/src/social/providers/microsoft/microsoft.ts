import { oidcProvider, textOf } from '../oidc.ts';

/** The tenant of personal accounts, whose addresses Microsoft verifies. */
const PERSONAL = '9188040d-6c67-4c5b-b112-36a304b66dad';

/**
 * https://learn.microsoft.com/entra/identity-platform/id-token-claims-reference
 *
 * An administrator of any tenant may give its users any address: `email` proves nothing by itself. `xms_edov`, an
 * optional claim to be turned on for the application, says that the tenant has proved to own the address's domain.
 */
export const microsoft = oidcProvider({
  name: 'microsoft',
  title: 'Microsoft',
  issuer: 'https://login.microsoftonline.com/common/v2.0',
  scope: 'openid email profile',
  profileOf({ tid, oid, email, name, xms_edov }) {
    if (typeof tid !== 'string' || typeof oid !== 'string')
      throw new Error('An ID token names no tenant or user');
    const verified = tid === PERSONAL || [true, 1, '1', 'true'].includes(xms_edov as never);
    return {
      // `sub` is another one for each application.
      subject: `${tid}:${oid}`,
      email: verified ? textOf(email) : null,
      displayName: textOf(name),
      pictureUrl: null,
    };
  },
});
