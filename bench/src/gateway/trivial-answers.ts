/** What the service that does next to nothing tells the gateway of itself, and what it answers everybody. */
const route = {
  method: 'GET',
  path: '/api/v1/things/{thing_id}',
  caller: 'user',
  bearer: null,
  bodyLimit: 1024,
  timeout: 10_000,
  anyNetwork: false,
  organizationParameter: null,
  workspace: null,
};

export const manifest = {
  service: 'storage' as const,
  version: 'bench',
  routes: [route],
  openapi: { tags: [], paths: {} },
};

const things = Array.from({ length: 8 }, (_, id) => ({
  id,
  name: `Thing ${id}`,
  state: 'active',
  size: 1024 * id,
}));

export const answer = { success: true, data: { things } };
