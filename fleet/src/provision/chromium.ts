import { chmodSync, existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Progress } from '../console/progress.ts';
import { hasApt, libraryPath, unpackPackages } from './debian.ts';
import { isExecutable, onPath } from './executable.ts';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'chrome'];
const ON_MACOS = [
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
];

export type Browser = { value: string; reason?: undefined } | { value?: undefined; reason: string };

/**
 * The path of a Chromium for the tests that need a browser: CHROMIUM_PATH, the one on this machine, or Debian's,
 * unpacked into `tools`.
 */
export async function chromium({ tools, progress }: { tools: string; progress: Progress }): Promise<Browser> {
  const directory = join(tools, 'chromium');
  const starter = join(directory, 'start');
  const found = existing() ?? (isExecutable(starter) ? starter : undefined);
  if (found) return { value: found };
  if (process.platform !== 'linux' || !hasApt())
    return { reason: 'no chromium or google-chrome on the PATH (CHROMIUM_PATH names one elsewhere)' };
  await progress.step(`unpacking Chromium into ${directory} (apt-get download chromium)`, () =>
    unpackPackages(['chromium'], directory),
  );
  const root = join(directory, 'root');
  const binary = join(root, 'usr', 'lib', 'chromium', 'chromium');
  if (!isExecutable(binary))
    return { reason: 'the package chromium of this machine brings no browser (Ubuntu: a snap)' };
  const variables = [
    `LD_LIBRARY_PATH='${libraryPath(directory)}'`,
    // Only where no fonts were here before.
    ...(existsSync(join(root, 'etc', 'fonts')) ? [`FONTCONFIG_SYSROOT='${root}'`] : []),
  ];
  writeFileSync(starter, `#!/bin/sh\nexport ${variables.join(' ')}\nexec '${binary}' "$@"\n`);
  chmodSync(starter, 0o755);
  return { value: starter };
}

function existing(): string | undefined {
  const given = process.env.CHROMIUM_PATH;
  if (given && isExecutable(given)) return given;
  return onPath(...NAMES) ?? ON_MACOS.find(isExecutable);
}
