import { defineService } from '@rivergate/service';

/** Tables and queries as Parquet chunks. */
export const staging = defineService({
  name: 'staging',
  modules: [],
});
