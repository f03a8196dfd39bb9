import { runService } from '@rivergate/service';
import { storage } from './service.ts';

await runService(storage);
