/**
 * node deploy/src/generate-env.ts [FILE]      writes FILE (.env if not given), readable by its owner alone
 * node deploy/src/generate-env.ts --print     prints it instead, for where only a container can run this
 *
 * Never replaces a file: new passwords would not fit the databases that the old ones were made for.
 */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { environmentFile, generateSecrets } from './environment.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { print: { type: 'boolean', default: false } },
});
const text = environmentFile(generateSecrets());
if (values.print) {
  process.stdout.write(text);
} else {
  const file = positionals[0] ?? '.env';
  try {
    writeFileSync(file, text, { mode: 0o600, flag: 'wx' });
    console.log(`Wrote ${file}. Keep a copy of it in a safe place.`);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') throw cause;
    console.error(`${file} is there already and stays as it is.`);
    process.exitCode = 1;
  }
}
