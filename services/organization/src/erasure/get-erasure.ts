import { acrossOrganizations } from '@rivergate/endpoint';
import { tokenHash } from '@rivergate/secrets';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { Erasure } from './erasure.ts';
import { erasureByReceipt } from './erasure-store.ts';
import { ErasureNotFound } from './errors.ts';

export const getErasure = endpoint(
  {
    operation: 'getErasure',
    method: 'get',
    path: '/erasures/:receipt',
    summary: 'How far an erasure is, by its receipt',
    description: 'For who has no account any more. It tells neither who it was nor of which organization.',
    caller: 'public',
    params: z.object({ receipt: z.string().min(1).max(128) }),
    answer: z.object({ erasure: Erasure }),
    message: 'Erasure retrieved successfully',
    errors: [ErasureNotFound],
  },
  async ({ params, db }) => {
    await acrossOrganizations(db);
    const found = await erasureByReceipt(db, tokenHash(params.receipt));
    if (!found) throw ErasureNotFound();
    const { requested_at, finished_at, services, confirmed } = found;
    return {
      erasure: {
        status: finished_at ? ('finished' as const) : ('in_progress' as const),
        requested_at,
        finished_at,
        services: services.map(service => ({ service, confirmed_at: confirmed[service] ?? null })),
      },
    };
  },
);
