import { mergeFragments } from '@rivergate/endpoint';
import { prepare, preparedOnce } from '../answer/prepared.ts';
import type { Writer } from '../answer/write.ts';
import type { Fleet } from '../routes/fleet.ts';
import type { OwnEndpoint } from './own-endpoints.ts';

const VERSION = '0.1.0';

const introduction = [
  'Accounts, organizations, single sign-on, provisioning and governed access to data behind one API.',
  'Sign in with `POST /api/v1/auth/login` and send the access token as `Authorization: Bearer …`.',
  'Every answer carries `X-Request-Id`; a failure is `{"success": false, "error": {"code", "message", "request_id"}}`.',
].join('\n\n');

/** The OpenAPI 3.1 document of the whole fleet, merged from the services' manifests. */
export function openApiDocument(fleet: Fleet, publicUrl: string): Record<string, unknown> {
  const fragments = fleet.states().flatMap(({ manifest }) => (manifest ? [manifest.openapi] : []));
  const { tags, paths, components } = mergeFragments(fragments);
  return {
    openapi: '3.1.0',
    info: {
      title: 'Rivergate',
      version: VERSION,
      description: introduction,
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: publicUrl }],
    tags,
    paths,
    components,
  };
}

/** Built once for each set of manifests: the document of hundreds of endpoints takes a moment. */
export function openApi(write: Writer, fleet: Fleet, publicUrl: string): OwnEndpoint {
  const versions = () =>
    fleet
      .states()
      .map(({ name, manifest }) => `${name} ${manifest?.version}`)
      .join();
  const document = preparedOnce(
    () =>
      prepare(JSON.stringify(openApiDocument(fleet, publicUrl)), {
        'Content-Type': 'application/json',
        'Cache-Control': 'no-cache',
      }),
    versions,
  );
  return async exchange => write.prepared(exchange, await document());
}
