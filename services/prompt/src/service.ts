import { defineService } from '@rivergate/service';

/** Natural language to governed SQL, templates, history, analytics. */
export const prompt = defineService({
  name: 'prompt',
  modules: [],
});
