import { join } from 'node:path';
import { SERVICES } from '@rivergate/service/services';

/** A process of the fleet: where its code is and where it listens if it may choose. */
export type Member = {
  name: string;
  kind: 'gateway' | 'service';
  /** Its entry point. */
  main: string;
  /** The port of the default fleet; others get free ones. */
  port: number;
};

export const clone = join(import.meta.dirname, '..', '..', '..');
export const tools = join(clone, '.tools');
export const DEFAULT_PORT = 8080;

/** The gateway and every service. */
export function roster(): Member[] {
  return [
    { name: 'gateway', kind: 'gateway', main: join(clone, 'gateway', 'src', 'main.ts'), port: DEFAULT_PORT },
    ...SERVICES.map(
      ({ name, port }): Member => ({
        name,
        kind: 'service',
        main: join(clone, 'services', name, 'src', 'main.ts'),
        port,
      }),
    ),
  ];
}
