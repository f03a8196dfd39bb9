import type { Progress } from '../console/progress.ts';

/** Environment variable that refuses every change outside the clone. */
const REFUSAL = 'RIVERGATE_NO_SYSTEM_CHANGES';

/**
 * Says what is about to be changed outside the clone, before it is.
 *
 * @param change what is done, as a command or in words
 * @param instead what the person can do who does not want that
 * @throws where such changes are refused by RIVERGATE_NO_SYSTEM_CHANGES
 */
export function announceSystemChange(progress: Progress, change: string, instead: string): void {
  if (process.env[REFUSAL]) {
    throw new Error(`${REFUSAL} is set, so this is not done: ${change}\n${instead}`);
  }
  progress.warn(`this changes the machine outside the clone: ${change}`);
  progress.note(`${REFUSAL}=1 refuses it. ${instead}`);
}
