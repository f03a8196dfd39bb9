import type { Log } from '@rivergate/endpoint';

/** Whether a page of this origin is of an app that an OAuth client is registered for. */
export type IsAppOrigin = (origin: string) => Promise<boolean>;

/** Milliseconds for which an answer is believed that lets a page in, and the least between two questions. */
const FRESH = 30_000;
const COOLDOWN = 1_000;

/**
 * Origins of the apps that people sign in to, as their owner says. Asked when a page calls and no earlier: an app can call
 * a second after it was registered, and whoever invents origins causes one question a second. While the owner is away what
 * was known last stays.
 */
export function appOrigins(read: () => Promise<readonly string[]>, log: Log): IsAppOrigin {
  let known: ReadonlySet<string> = new Set();
  let askedAt = Number.NEGATIVE_INFINITY;
  let asking: Promise<void> | undefined;
  const ask = () => {
    asking ??= read()
      .then(origins => {
        known = new Set(origins);
      })
      .catch(cause => log.warn({ err: cause }, 'The origins of apps could not be read'))
      .finally(() => {
        askedAt = performance.now();
        asking = undefined;
      });
    return asking;
  };
  return async origin => {
    if (performance.now() - askedAt > (known.has(origin) ? FRESH : COOLDOWN)) await ask();
    return known.has(origin);
  };
}
