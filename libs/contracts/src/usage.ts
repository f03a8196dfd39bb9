import { Id, spec } from '@rivergate/endpoint';
import { z } from 'zod';

/** What an organization uses of something that is counted. */
export const UsageFigure = z
  .object({
    resource: z.string().meta({ description: 'What is counted', examples: ['workspaces'] }),
    used: z.number().int(),
    limit: z
      .number()
      .int()
      .nullable()
      .meta({ description: 'What the plan allows; null where it sets no limit' }),
  })
  .meta({ id: 'UsageFigure' });
export type UsageFigure = z.output<typeof UsageFigure>;

/** What identity counts: OAuth applications, and tokens that act in the organization alone. */
export const identityUsage = spec({
  owner: 'identity',
  operation: 'getIdentityUsage',
  method: 'get',
  path: '/internal/organizations/:organization_id/usage',
  summary: 'What an organization uses of this service',
  caller: 'internal',
  callers: ['organization'],
  params: z.object({ organization_id: Id }),
  answer: z.object({ figures: z.array(UsageFigure) }),
});

/** Every service that counts something is asked: one that begins to adds its declaration here. */
export const USAGE_SOURCES = [identityUsage] as const;
