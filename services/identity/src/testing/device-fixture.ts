import { tokenHash } from '@rivergate/secrets';
import { DEVICE_CODE } from '../oauth-applications/application.ts';
import type { IdentityUnderTest, Person } from './identity-under-test.ts';
import { oauthFixture, type TestApplication } from './oauth-fixture.ts';

export interface DeviceCodes {
  device_code: string;
  user_code: string;
}

/** What tests of devices do again and again, beside what those of OAuth do. */
export function deviceFixture(identity: IdentityUnderTest) {
  const oauth = oauthFixture(identity);
  const rows = () => identity.resources.knex('oauth_device_requests');
  const sql = (text: string) => identity.resources.knex.raw(text);

  const fixture = {
    ...oauth,

    application: (more: object = {}, organizationId?: number) =>
      oauth.application({ grant_types: [DEVICE_CODE], redirect_uris: [], ...more }, organizationId),

    begin: (application: TestApplication, more: Record<string, string | undefined> = {}) =>
      oauth.send(
        '/oauth/device_authorization',
        oauth.form({ ...oauth.credentials(application), ...more }),
        identity.anonymous(),
        { 'user-agent': 'Set-top-box/1.0' },
      ),

    async codes(application: TestApplication, more: Record<string, string | undefined> = {}) {
      return (await fixture.begin(application, more).expect(200)).body as DeviceCodes;
    },

    find: ({ caller }: Pick<Person, 'caller'>, user_code: string) =>
      caller.post('/api/v1/oauth/device', { user_code }),

    answer: ({ caller }: Pick<Person, 'caller'>, user_code: string, approve = true) =>
      caller.post('/api/v1/oauth/device/answer', { user_code, approve }),

    poll: (application: TestApplication, device_code: string) =>
      oauth.token(application, { grant_type: DEVICE_CODE, device_code }),

    /** As if the device had waited for its interval. */
    async waited({ device_code }: DeviceCodes, seconds = 3_600) {
      const of = { device_code_hash: tokenHash(device_code) };
      await rows()
        .where(of)
        .update({ polled_at: sql(`polled_at - ${seconds} * interval '1 second'`) });
    },

    async expire({ device_code }: DeviceCodes, when = 'now()') {
      await rows()
        .where({ device_code_hash: tokenHash(device_code) })
        .update({ expires_at: sql(when) });
    },

    /** The tokens of a device that the person has approved. */
    async granted(application: TestApplication, person: Person, more: Record<string, string> = {}) {
      const codes = await fixture.codes(application, more);
      await fixture.answer(person, codes.user_code).expect(204);
      const { body } = await fixture.poll(application, codes.device_code);
      return { ...body, ...codes } as DeviceCodes & {
        access_token: string;
        refresh_token: string;
        scope: string;
      };
    },
  };
  return fixture;
}
