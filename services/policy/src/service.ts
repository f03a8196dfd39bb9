import { defineService } from '@rivergate/service';

/** Row filters, masks, limits, access rules: what a query may see. */
export const policy = defineService({
  name: 'policy',
  modules: [],
});
