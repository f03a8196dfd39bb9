import { apple } from './apple/apple.ts';
import { github } from './github/github.ts';
import { google } from './google/google.ts';
import { microsoft } from './microsoft/microsoft.ts';
import type { Provider, ProviderSettings } from './provider.ts';

const DECLARED = [github, google, apple, microsoft];

/** The providers at which the operator has registered a client, by name. */
export type Providers = ReadonlyMap<string, Provider>;

/** @throws an Error that names the variable which is missing or wrong */
export function providersFromEnv(env: Record<string, string | undefined>, publicUrl: string): Providers {
  const configured = DECLARED.flatMap(({ name, configure }) => {
    const variable = (part: string) => `SOCIAL_${name.toUpperCase()}_${part}`;
    const clientId = env[variable('CLIENT_ID')];
    if (!clientId) return [];
    const settings: ProviderSettings = {
      clientId,
      redirectUri: env[variable('REDIRECT_URI')] || `${publicUrl}/api/v1/auth/oauth/${name}/callback`,
      required(part) {
        const value = env[variable(part)];
        if (!value) throw new Error(`${variable(part)} is missing beside ${variable('CLIENT_ID')}`);
        return value;
      },
      address: (part, preset) => addressIn(variable(part), env[variable(part)] || preset),
    };
    return [configure(settings)];
  });
  return new Map(configured.map(provider => [provider.name, provider]));
}

const LOOPBACK = ['127.0.0.1', '[::1]', 'localhost'];

function addressIn(variable: string, value: string): URL {
  const address = URL.canParse(value) ? new URL(value) : undefined;
  const safe =
    address?.protocol === 'https:' || (address?.protocol === 'http:' && LOOPBACK.includes(address.hostname));
  if (!address || !safe) throw new Error(`${variable} is no https address: ${value}`);
  return address;
}
