import { progressOn } from './console/progress.ts';
import { restartOnChange } from './launch/restart-on-change.ts';
import { runUntilStopped } from './launch/run-until-stopped.ts';

await runUntilStopped(process.argv.slice(2), fleet => restartOnChange(fleet, progressOn(process.stdout)));
