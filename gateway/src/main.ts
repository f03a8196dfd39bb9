import { runProcess } from '@rivergate/service/run-process';
import { readConfig } from './config.ts';

await runProcess('gateway', async log => {
  const config = readConfig(process.env);
  if (config.workers === 1) return (await import('./gateway.ts')).startGateway(process.env);
  // Loaded as needed: the primary takes half the memory without the code of the gateway.
  return (await import('./workers/primary.ts')).startWorkers(config, process.env, log);
});
