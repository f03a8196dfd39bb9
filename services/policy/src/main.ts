import { runService } from '@rivergate/service';
import { policy } from './service.ts';

await runService(policy);
