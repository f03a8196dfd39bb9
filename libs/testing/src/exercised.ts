import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { appendFileSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { ANSWERED, type Answered, templatePath } from '@rivergate/endpoint';

/**
 * Notes which endpoints tests have exercised, and with which status, in the file named by `EXERCISED_ENDPOINTS`:
 * a line `METHOD path status` each. `npm run coverage` reads it.
 */
export function recordExercised(): () => void {
  const file = process.env.EXERCISED_ENDPOINTS;
  if (!file) return () => {};
  mkdirSync(dirname(file), { recursive: true });
  const seen = new Set<string>();
  const note = (message: unknown) => {
    const { spec, status } = message as Answered;
    const line = `${spec.method.toUpperCase()} ${templatePath(spec)} ${status}\n`;
    if (seen.has(line)) return;
    seen.add(line);
    appendFileSync(file, line);
  };
  subscribe(ANSWERED, note);
  return () => {
    unsubscribe(ANSWERED, note);
  };
}
