import { error, type Method } from '@rivergate/endpoint';
import { endpoint } from '../../endpoint.ts';
import { Resource, SCIM } from '../answer.ts';
import { WITH_DOCUMENT } from '../request.ts';

/** RFC 7644, section 3.11. */
const NobodyIsMe = error(
  'NOT_IMPLEMENTED',
  501,
  'The token stands for an organization and not for a user, so there is nobody whom /Me could be',
);

const me = (operation: string, method: Method, more: object = {}) =>
  endpoint(
    {
      ...SCIM,
      ...more,
      operation,
      method,
      path: '/scim/v2/Me',
      summary: 'The user of the token, of which there is none',
      answer: Resource,
      errors: [NobodyIsMe],
      idempotency: false,
    },
    async () => {
      throw NobodyIsMe();
    },
  );

export const endpointsOfMe = [
  me('getScimMe', 'get'),
  me('createScimMe', 'post', WITH_DOCUMENT),
  me('replaceScimMe', 'put', WITH_DOCUMENT),
  me('patchScimMe', 'patch', WITH_DOCUMENT),
  me('deleteScimMe', 'delete'),
];
