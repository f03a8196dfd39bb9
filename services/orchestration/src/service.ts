import { defineService } from '@rivergate/service';

/** Connectors, catalog, query execution, federation, lineage. */
export const orchestration = defineService({
  name: 'orchestration',
  modules: [],
});
