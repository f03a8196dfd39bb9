import { endpoints } from '@rivergate/endpoint';
import {
  expectError,
  fellowService,
  type ServiceUnderTest,
  signedIn,
  startServiceUnderTest,
} from '@rivergate/testing';
import { afterAll, beforeAll, it } from 'vitest';
import { defineService } from '../index.ts';

const endpoint = endpoints();
const facts = { method: 'post', summary: 'Do it', status: 204, idempotency: false } as const;
const nothing = async () => {};

const module = {
  tag: 'Things',
  endpoints: [
    endpoint({ ...facts, operation: 'doThing', path: '/things', caller: 'user' }, nothing),
    endpoint(
      { ...facts, operation: 'enrol', path: '/enrol', caller: 'user', beforeEnrolment: true },
      nothing,
    ),
    endpoint(
      { ...facts, operation: 'readOpenly', path: '/open', caller: 'public', bearer: 'optional' },
      nothing,
    ),
    endpoint(
      {
        ...facts,
        operation: 'doThingFor',
        path: '/internal/things',
        caller: 'internal',
        callers: ['identity'],
        onBehalfOf: 'user',
      },
      nothing,
    ),
  ],
};

let service: ServiceUnderTest;
beforeAll(async () => {
  service = await startServiceUnderTest(defineService({ name: 'prompt', modules: [module] }));
});
afterAll(() => service.stop());

it('who has to set a second factor up first is refused all that does not say it leads there', async () => {
  const user = service.as(signedIn({ userId: 7, mustEnrol: true }));
  await user.post('/api/v1/enrol').expect(204);
  for (const path of ['things', 'open'])
    expectError(await user.post(`/api/v1/${path}`), 403, 'MFA_ENROLMENT_REQUIRED');
  await service
    .as(signedIn({ userId: 7 }))
    .post('/api/v1/things')
    .expect(204);
});

it('a service that such a user has reached asks on behalf of that user', async () => {
  const facts = { userId: 7, sessionId: 1, mustEnrol: true };
  await service.as(fellowService('identity', facts)).post('/internal/things').expect(204);
});
