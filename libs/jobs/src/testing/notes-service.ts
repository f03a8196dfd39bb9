import { memberPrincipal, sessionState } from '@rivergate/contracts';
import { endpoints, Id } from '@rivergate/endpoint';
import { connectDatabase, defineService } from '@rivergate/service';
import {
  administrator,
  admitsEverything,
  type ServiceUnderTest,
  startServiceUnderTest,
} from '@rivergate/testing';
import { z } from 'zod';
import { Job, TooManyJobs } from '../job.ts';
import { type Hooks, migrations, writingNotes } from './notes.ts';

const endpoint = endpoints();

const startWriting = endpoint(
  {
    operation: 'writeNotes',
    method: 'post',
    path: '/organizations/:org_id/notes/bulk-write',
    summary: 'Write many notes',
    caller: 'perm:policy.write',
    params: z.object({ org_id: Id }),
    body: z.object({
      notes: z.array(z.object({ text: z.string() })).max(2_000),
      fails: z.boolean().optional(),
    }),
    valueLimit: 100_000,
    answer: Job,
    status: 202,
    errors: [TooManyJobs],
  },
  async ({ body, ...context }) => {
    const started = await writingNotes.start(context, { input: { prefix: '' }, items: body.notes });
    if (body.fails) throw TooManyJobs('The handler changed its mind');
    return started;
  },
);

/** What the owners of sessions and memberships say; a test may change it. */
export interface Owners {
  member: z.output<typeof memberPrincipal.answer>;
  session: { active: boolean; is_system_admin: boolean; must_enrol: boolean };
}

type Started = { id: number; organizationId: number };
// biome-ignore lint/suspicious/noExplicitAny: what an answer or a row holds is what the test is about
type Loose = any;

export interface NotesService extends ServiceUnderTest {
  hooks: Hooks;
  owners: Owners;
  /** Starts a job of the organization, by default one of its own. @returns id and organization */
  write(notes: { text: string }[], organizationId?: number): Promise<Started>;
  /** What the endpoints show. */
  job(job: Started, path?: string): Promise<Loose>;
  act(job: Started, action: string): Promise<{ status: number; body: Loose }>;
  /** Texts of an organization's notes in the order in which they were written. */
  notes(organizationId?: number): Promise<string[]>;
  sql<Row = Loose>(query: string, values?: unknown[]): Promise<Row[]>;
  newOrganization(): number;
}

let organizations = 0;

export async function startNotesService(env: NodeJS.ProcessEnv = {}): Promise<NotesService> {
  const hooks: Hooks = {};
  const owners: Owners = {
    member: { member: true, is_admin: false, permissions: ['policy.write'], workspaces: [], plan: null },
    session: { active: true, is_system_admin: false, must_enrol: false },
  };
  const definition = defineService<{ hooks: Hooks }>({
    name: 'policy',
    modules: [{ tag: 'Notes', endpoints: [startWriting], jobKinds: [writingNotes], migrations }],
    tools: async () => ({ hooks }),
  });
  const running = await startServiceUnderTest(definition, {
    env,
    peers: {
      identity: [
        endpoint(sessionState, async ({ params }) => ({
          session_id: params.session_id,
          user_id: 7,
          ...owners.session,
        })),
      ],
      organization: [endpoint(memberPrincipal, async () => owners.member), admitsEverything],
    },
  });
  const superuser = connectDatabase(running.environment.databaseAdminUrl, 'test', 2);
  const as = (organizationId: number) =>
    running.as(administrator({ userId: 7, sessionId: 1, organizationId }));
  const path = (organizationId: number) => `/api/v1/organizations/${organizationId}/notes/bulk-write`;
  const service: NotesService = {
    ...running,
    hooks,
    owners,
    newOrganization: () => ++organizations,
    async write(notes, organizationId = ++organizations) {
      const { body } = await as(organizationId).post(path(organizationId), { notes }).expect(202);
      return { id: body.data.id, organizationId };
    },
    async job({ id, organizationId }, below = '') {
      const answer = await as(organizationId)
        .get(`${path(organizationId)}/${id}${below}`)
        .expect(200);
      return answer.body.data;
    },
    act: async ({ id, organizationId }, action) =>
      await as(organizationId).post(`${path(organizationId)}/${id}/${action}`),
    async notes(organizationId) {
      const found = superuser('policy.notes').orderBy('id');
      if (organizationId !== undefined) found.where('organization_id', organizationId);
      return await found.pluck('text');
    },
    sql: async (query, values = []) => (await superuser.raw(query, values as string[])).rows,
    async stop() {
      await superuser.destroy();
      await running.stop();
    },
  };
  return service;
}
