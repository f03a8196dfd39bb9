import { defineService } from '@rivergate/service';
import * as attachments from './attachments/index.ts';
import * as notes from './notes/index.ts';

/** Notes that the members of an organization leave for each other, and what they attach. */
export const example = defineService({
  // One of the names in libs/service/src/services.ts; a real service has one of its own.
  name: 'policy',
  modules: [notes, attachments],
});
