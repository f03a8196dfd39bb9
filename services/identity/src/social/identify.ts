import { displayText, EmailAddress, type ErrorDeclaration, type Log } from '@rivergate/endpoint';
import type { IdentityTools } from '../endpoint.ts';
import { isDataUri, PictureAddress } from '../profile/picture-address.ts';
import { InvalidProvider } from './errors.ts';
import type { Grant, Provider, SocialProfile } from './providers/provider.ts';
import { takeState } from './state-store.ts';

type Tools = Pick<IdentityTools, 'knex' | 'secretBox' | 'providers'> & { log: Log };

/** What a client brings back from a provider. */
export type Returned = Pick<Grant, 'code' | 'issuer' | 'unsigned'> & { state?: string | undefined };

/** How an endpoint calls the ways in which this fails. */
export interface IdentifyErrors {
  failed: ErrorDeclaration;
  invalidState: ErrorDeclaration;
}

/** A person known to a provider, in the forms that the platform keeps. */
export interface Identified {
  provider: Provider;
  profile: SocialProfile;
}

/** @throws InvalidProvider */
export function configured({ providers }: Pick<Tools, 'providers'>, name: string): Provider {
  const provider = providers.get(name);
  if (!provider) throw InvalidProvider();
  return provider;
}

/**
 * Trades in what the client brought. The state is used up by it, whatever comes of it.
 *
 * @throws InvalidProvider, and `errors` for a state that is not open at this provider and for all that goes wrong there
 */
export async function identify(
  tools: Tools,
  name: string,
  { state, ...returned }: Returned,
  errors: IdentifyErrors,
): Promise<Identified> {
  const provider = configured(tools, name);
  const secrets = state === undefined ? undefined : await takeState(tools, name, state);
  if (state !== undefined && !secrets) throw errors.invalidState();
  const flow = state !== undefined && secrets ? { state, secrets } : undefined;
  try {
    return { provider, profile: asKept(await provider.profileOf({ ...returned, flow })) };
  } catch (cause) {
    // Neither the code nor what the provider answered belongs into the log.
    const { name: kind, code, error } = cause as { name?: string; code?: string; error?: string };
    tools.log.warn({ provider: name, kind, code, error }, 'A social login was refused');
    throw errors.failed();
  }
}

/** What is not as the platform would take it from the person counts as not given. */
function asKept({ subject, email, displayName, pictureUrl }: SocialProfile): SocialProfile {
  const name = displayText(100).safeParse(displayName?.trim().slice(0, 100));
  const picture =
    pictureUrl === null || isDataUri(pictureUrl) ? undefined : PictureAddress.safeParse(pictureUrl);
  return {
    subject,
    email: EmailAddress.safeParse(email).data ?? null,
    displayName: name.data ?? null,
    pictureUrl: picture?.data ?? null,
  };
}
