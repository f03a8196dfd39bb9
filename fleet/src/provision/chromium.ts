import { hasApt, installSystemPackages } from './debian.ts';
import { isExecutable, onPath } from './executable.ts';
import type { Step } from './redis-binary.ts';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'chrome'];
const ON_MACOS = [
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
];

export type Browser = { path: string; reason?: undefined } | { path?: undefined; reason: string };

/** A Chromium for the tests that need a browser: CHROMIUM_PATH, the one here, or installed now where that is possible. */
export async function chromium(step: Step): Promise<Browser> {
  const found = existing();
  if (found) return { path: found };
  if (process.platform !== 'linux' || !hasApt() || process.getuid?.() !== 0) {
    return {
      reason:
        'no chromium or google-chrome on the PATH, and only root can install one (Debian: apt-get install chromium)',
    };
  }
  try {
    await step('installing Chromium (apt-get install chromium)', () => installSystemPackages(['chromium']));
  } catch (error) {
    return { reason: (error as Error).message };
  }
  const installed = existing();
  return installed ? { path: installed } : { reason: 'the package chromium brought no browser' };
}

function existing(): string | undefined {
  const given = process.env.CHROMIUM_PATH;
  if (given && isExecutable(given)) return given;
  return onPath(...NAMES) ?? ON_MACOS.find(isExecutable);
}
