import type { ServiceName } from '@rivergate/caller';

export type { ServiceName };

/** The services of the fleet, with the port on which each listens where none is given. */
export const SERVICES = [
  { name: 'identity', port: 8081 },
  { name: 'organization', port: 8082 },
  { name: 'sso', port: 8083 },
  { name: 'data-source', port: 8084 },
  { name: 'orchestration', port: 8085 },
  { name: 'policy', port: 8086 },
  { name: 'storage', port: 8087 },
  { name: 'staging', port: 8088 },
  { name: 'prompt', port: 8089 },
] as const satisfies readonly { name: ServiceName; port: number }[];

const upper = (service: string) => service.replaceAll('-', '_').toUpperCase();

/** Environment variable that holds a service's address: `DATA_SOURCE_URL`. */
export function urlVariable(service: string): string {
  return `${upper(service)}_URL`;
}

/** Address of a service: its variable, else its default port on this machine. */
export function serviceUrl(env: NodeJS.ProcessEnv, service: string): string {
  const known = SERVICES.find(({ name }) => name === service);
  return (env[urlVariable(service)] ?? `http://127.0.0.1:${known?.port ?? 0}`).replace(/\/+$/, '');
}
