import { runService } from '@rivergate/service';
import { sso } from './service.ts';

await runService(sso);
