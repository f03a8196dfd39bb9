import { runProcess } from '@rivergate/service';
import { startGateway } from './gateway.ts';

await runProcess('gateway', () => startGateway(process.env));
