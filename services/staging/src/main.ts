import { runService } from '@rivergate/service';
import { staging } from './service.ts';

await runService(staging);
