export type { AssertedLogin } from './assertion.ts';
export { type Certificate, readCertificates, startOf } from './certificates.ts';
export {
  checkLogoutRequest,
  checkLogoutResponse,
  type LogoutAnswered,
  type LogoutAsked,
  type Received,
} from './check-logout.ts';
export { type CheckedLogin, checkResponse } from './check-response.ts';
export { type LoginRequestOptions, loginRequest } from './login-request.ts';
export { type LoggedIn, logoutRequest, logoutResponse } from './logout.ts';
export {
  type Endpoints,
  type IdentityProviderMetadata,
  MOST_CERTIFICATES,
  readMetadata,
} from './metadata.ts';
export type { IdentityProvider, KeyPair, LogoutEndpoint, Parties, ServiceProvider } from './parties.ts';
export { REFUSALS, type RefusalCode, SamlRefusal } from './refusal.ts';
export type { Sending } from './send.ts';
export { type ServiceProviderMetadataOptions, serviceProviderMetadata } from './service-provider-metadata.ts';
export { REQUEST_LIFETIME, type RequestKind, rememberRequest, type SentRequest } from './used-once.ts';
