import { defineService } from '@rivergate/service';

/** Connections to data and their credentials. */
export const dataSource = defineService({
  name: 'data-source',
  modules: [],
});
