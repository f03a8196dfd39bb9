import type { Progress } from '../console/progress.ts';
import { hasApt, installSystemPackages } from './debian.ts';

/**
 * Java and Maven, installed now where root can have them from Debian.
 *
 * @param instead what the person can do who does not want that
 * @returns the packages that are missing still
 */
export async function missingJavaAndMaven(instead: string, progress: Progress): Promise<string[]> {
  const { missingTools } = await import('@rivergate/kafka');
  const missing = await missingTools();
  if (missing.length === 0 || !hasApt() || process.getuid?.() !== 0) return missing;
  await installSystemPackages(missing, instead, progress);
  return await missingTools();
}
