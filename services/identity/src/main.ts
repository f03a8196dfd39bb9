import { runService } from '@rivergate/service';
import { identity } from './service.ts';

await runService(identity);
