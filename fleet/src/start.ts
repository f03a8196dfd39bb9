import { runUntilStopped } from './launch/run-until-stopped.ts';

await runUntilStopped(process.argv.slice(2));
