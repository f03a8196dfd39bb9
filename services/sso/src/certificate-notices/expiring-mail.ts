import type { Mail } from '@rivergate/mail';
import { type ProviderFacts, providerMail } from '../providers/provider-mail.ts';

interface Expiring extends ProviderFacts {
  fingerprint: string;
  expiresAt: Date;
  /** Whether its metadata is read again by itself. */
  refreshes: boolean;
}

export function expiringMail(to: string, facts: Expiring): Mail {
  const { provider, organization, appUrl, fingerprint, expiresAt, refreshes } = facts;
  const isOver = expiresAt <= new Date();
  const heading = isOver
    ? `The certificate of ${provider} has expired`
    : `The certificate of ${provider} expires on ${expiresAt.toISOString().slice(0, 10)}`;
  return providerMail(to, heading, [
    `Members of ${organization} sign in at ${appUrl} by the identity provider ${provider}. The last certificate by which it signs ${isOver ? 'has expired' : 'expires'} on ${expiresAt.toUTCString()}: ${fingerprint} (SHA-256).`,
    isOver
      ? 'Its key is trusted on, but many identity providers stop to sign with it.'
      : 'Its key is trusted on afterwards, but many identity providers stop to sign with it then.',
    refreshes
      ? 'Have the identity provider publish the next one in its metadata beside this one, a day before it signs with it: it is taken from there by itself.'
      : 'Get the next one from the identity provider and give both, this one and the next, in certificate (PUT /api/v1/sso/providers/{provider_id}) before it signs with the next; afterwards the next alone.',
  ]);
}
