import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The password of the users that docs/operations.md makes, whom tests are. */
export const PASSWORD = 'of/rivergate@1';

/** The user of the platform. */
export const platform = user('rivergate');

/** The user of the platform at Sentinels. */
export const finder = user('rivergate-sentinel');

/** For an address. */
export const login = ({ name }: { name: string }) => `${name}:${encodeURIComponent(PASSWORD)}`;

/** Lines of docs/operations.md, which gives the least rights that suffice. */
function user(name: string) {
  const text = readFileSync(join(import.meta.dirname, '../../../../docs/operations.md'), 'utf8');
  const lines = text.split('\n').filter(line => line.startsWith(`ACL SETUSER ${name} `));
  return { name, lines: lines.map(line => line.replace('>PASSWORD', `>${PASSWORD}`)) };
}
