import { parse } from 'yaml';
import { textOf } from './clone.ts';

export interface Container {
  image: string;
  build?: { context: string; dockerfile: string };
  command?: string[];
  user?: string;
  read_only?: boolean;
  restart?: string;
  cap_drop?: string[];
  security_opt?: string[];
  environment: Record<string, string>;
  ports?: string[];
  networks: string[];
  volumes?: string[];
  healthcheck: { test?: string[]; disable?: boolean };
  depends_on?: Record<string, { condition: string }>;
  deploy: { resources: { limits: { cpus: string; memory: string; pids: number } } };
}

export interface ComposeFile {
  services: Record<string, Container>;
  networks: Record<string, { internal?: boolean }>;
  volumes: Record<string, object>;
}

/**
 * docker-compose.yml as Docker sees it: anchors merged, and `${NAME}`, `${NAME:-default}` and `${NAME:?message}`
 * filled in.
 *
 * @throws for a variable that is required and not given
 */
export function composeFile(given: Record<string, string>): ComposeFile {
  const filled = textOf('docker-compose.yml').replace(
    /\$\$|\$\{(\w+)(?::([-?])([^}]*))?\}/g,
    (written, name: string | undefined, operator: string | undefined, rest: string) => {
      if (name === undefined) return written;
      if (given[name]) return given[name];
      if (operator === '-') return rest;
      throw new Error(`${name} is not set: ${rest ?? 'no default'}`);
    },
  );
  const file: ComposeFile = parse(filled, { merge: true });
  for (const container of Object.values(file.services)) {
    const variables = Object.entries(container.environment ?? {});
    container.environment = Object.fromEntries(variables.map(([name, value]) => [name, String(value)]));
  }
  return file;
}
