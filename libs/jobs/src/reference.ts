import { Id } from '@rivergate/endpoint';
import { z } from 'zod';
import type { JobKindSpec } from './kind.ts';

/** How the jobs of a kind are named in paths: the parameter, what it takes, and what stands there for a job. */
export function jobReference({ reference }: Pick<JobKindSpec, 'reference'>) {
  if (!reference) return { name: 'job_id', parameter: Id, of: (id: number) => String(id) };
  const { name, prefix } = reference;
  const parameter = z
    .string()
    .regex(new RegExp(`^${prefix}[1-9]\\d{0,14}$`))
    .transform(text => Number(text.slice(prefix.length)))
    .meta({ examples: [`${prefix}123`] });
  return { name, parameter, of: (id: number) => `${prefix}${id}` };
}
