import { administrator, credentialCaller, eventually, type TestEnvironment } from '@rivergate/testing';
import type { Running } from '../gateway/process.ts';
import type { Filled } from './seed.ts';

const ROWS = 500;

/** Rows a second of an import, each an invitation with its mail, events and audit entry, in a transaction of its own. */
export async function benchImport(
  environment: TestEnvironment,
  { service, organizations }: { service: Running; organizations: Filled[] },
  print: (line: string) => void,
): Promise<void> {
  for (const { id, members } of organizations) {
    const admin = credentialCaller(
      environment.of('gateway'),
      service.url,
      'organization',
      administrator({ userId: 1, organizationId: id }),
    );
    const rows = Array.from({ length: ROWS }, (_, index) => `imported${index}@import${id}.example`);
    const [began, before] = [performance.now(), service.cpu()];
    const { body } = await admin
      .post('/api/v1/users/bulk-import', { content: ['email', ...rows].join('\n') })
      .expect(200);
    const path = `/api/v1/users/bulk-import/${body.data.import_id}`;
    const ended = await eventually(
      async () => {
        const { data } = (await admin.get(path)).body;
        return data.status !== 'processing' && data;
      },
      'the end of the import',
      180_000,
    );
    const seconds = (performance.now() - began) / 1_000;
    const cpu = (service.cpu() - before) / 1_000 / ROWS;
    print(
      `  bulk import into ${members.toLocaleString('en')} members: ${(ROWS / seconds).toFixed(0)} rows a second, ${cpu.toFixed(2)} ms of processor time each (${ended.status})`,
    );
  }
}
