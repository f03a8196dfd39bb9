import { runService } from '@rivergate/service';
import { organization } from './service.ts';

await runService(organization);
