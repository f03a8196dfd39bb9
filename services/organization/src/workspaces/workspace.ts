import { Id } from '@rivergate/endpoint';
import { z } from 'zod';
import { Reference } from '../reference.ts';

export const WorkspaceReference = Reference.extend({ slug: z.string() }).meta({
  id: 'WorkspaceReference',
  examples: [{ id: 3, name: 'Main Workspace', slug: 'main-workspace' }],
});

export const Workspace = WorkspaceReference.extend({ organization_id: Id, is_default: z.boolean() }).meta({
  id: 'Workspace',
  examples: [{ id: 3, name: 'Main Workspace', slug: 'main-workspace', organization_id: 2, is_default: true }],
});
