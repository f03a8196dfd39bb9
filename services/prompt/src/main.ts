import { runService } from '@rivergate/service';
import { prompt } from './service.ts';

await runService(prompt);
