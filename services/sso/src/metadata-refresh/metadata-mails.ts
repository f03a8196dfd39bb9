import type { Changes } from '@rivergate/events';
import type { Mail } from '@rivergate/mail';
import type { Withholding } from '../providers/metadata-state.ts';
import { type ProviderFacts, providerMail } from '../providers/provider-mail.ts';

const listed = (value: unknown): string[] => (Array.isArray(value) ? value : []);

/** What metadata has changed by itself. */
export function takenMail(to: string, facts: ProviderFacts, changes: Changes): Mail {
  const { provider, organization, appUrl } = facts;
  const { certificates, sso_url, slo_url } = changes;
  const [before, after] = [listed(certificates?.before), listed(certificates?.after)];
  const added = after.filter(fingerprint => !before.includes(fingerprint));
  const dropped = before.filter(fingerprint => !after.includes(fingerprint));
  return providerMail(to, `The metadata of ${provider} has changed`, [
    `Members of ${organization} sign in at ${appUrl} by the identity provider ${provider}. Its metadata has changed, and was taken.`,
    ...(added.length > 0 ? [`Trusted from now on: ${added.join(', ')} (SHA-256).`] : []),
    ...(dropped.length > 0 ? [`Trusted no more: ${dropped.join(', ')}.`] : []),
    ...(sso_url ? [`The sign-in URL is ${sso_url.after} now.`] : []),
    ...(slo_url ? [`The URL to sign out at is ${slo_url.after ?? 'none'} now.`] : []),
    'If nobody at your identity provider has changed its certificates, make the provider inactive and find out who has: whoever holds one that is trusted can sign in as any member whom the organization manages.',
  ]);
}

const REASONS: Record<Withholding, string> = {
  OTHER_ENTITY: 'It is about another entity ID.',
  NO_SSO_URL: 'It names no sign-in by the HTTP-Redirect binding any more.',
  SSO_URL_ELSEWHERE: 'It names a sign-in URL at another host.',
  SLO_URL_ELSEWHERE: 'It names a URL to sign out at on another host.',
  NO_CERTIFICATE_IN_COMMON: 'All certificates were replaced at once: none of it has been trusted before.',
};

export function withheldMail(to: string, facts: ProviderFacts, reasons: readonly Withholding[]): Mail {
  const { provider, organization, appUrl } = facts;
  return providerMail(to, `The metadata of ${provider} has to be looked at`, [
    `Members of ${organization} sign in at ${appUrl} by the identity provider ${provider}. Its metadata has changed in a way that is not taken by itself. ${reasons.map(reason => REASONS[reason]).join(' ')}`,
    'Until you decide, what was trusted before stays, and sign-ins may fail if the provider has changed already.',
    'Ask whoever runs the identity provider whether they made this change, on another way than by its pages. If they did, take it: give the same metadata_url again (PUT /api/v1/sso/providers/{provider_id}), and test the provider. If they did not, make the provider inactive.',
  ]);
}

export function failedMail(to: string, facts: ProviderFacts, message: string, since: Date): Mail {
  const { provider, organization, appUrl } = facts;
  return providerMail(to, `The metadata of ${provider} cannot be read`, [
    `Members of ${organization} sign in at ${appUrl} by the identity provider ${provider}. Its metadata could not be read since ${since.toUTCString()}: ${message}`,
    'What is trusted stays as it is, so that sign-ins go on. A new certificate would not be noticed.',
    'Have the metadata published again where metadata_url says, give another metadata_url, or turn metadata_refresh off. It is tried on by itself; there is no second mail until it has worked again.',
  ]);
}
