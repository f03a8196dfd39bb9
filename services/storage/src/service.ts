import { defineService } from '@rivergate/service';

/** Files, quotas, presigned URLs, vectors, result cache, lifecycle, model registry. */
export const storage = defineService({
  name: 'storage',
  modules: [],
});
