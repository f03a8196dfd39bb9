import { runService } from '@rivergate/service';
import { dataSource } from './service.ts';

await runService(dataSource);
