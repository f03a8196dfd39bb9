import { runService } from '@rivergate/service';
import { orchestration } from './service.ts';

await runService(orchestration);
