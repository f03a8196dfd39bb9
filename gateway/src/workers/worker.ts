import { runProcess } from '@rivergate/service';
import { startGateway } from '../gateway.ts';
import { siblingsBy } from './siblings.ts';

// What the primary starts for each worker. It stops cleanly when the primary says so, and when that is gone.
await runProcess('gateway', () => startGateway(process.env, siblingsBy(process)));
