import type { ServiceDefinition } from './definition.ts';
import { runProcess } from './run-process.ts';
import { startService } from './start.ts';

/** `main.ts` of every service. */
export async function runService<Tools extends object>(definition: ServiceDefinition<Tools>): Promise<void> {
  await runProcess(definition.name, () => startService(definition, process.env));
}
