import { error } from '@rivergate/endpoint';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { readTicket } from './ticket-store.ts';

export const InvalidTicket = error(
  'INVALID_TICKET',
  400,
  'This sign-in is not valid any more; begin it again',
);

export const TicketText = z
  .string()
  .min(1)
  .max(512)
  .meta({
    description: 'With which the page /sso was opened',
    examples: ['0VtdUGCvHqzXsYmPS7RIfpPyBdk6UDWmvDWWPCOVPFs'],
  });

export const describeTicket = endpoint(
  {
    operation: 'describeSsoTicket',
    method: 'post',
    path: '/sso/tickets/describe',
    summary: 'Whom a sign-in is for that waits to be confirmed',
    description: 'The page /sso shows it before anything counts.',
    caller: 'public',
    safe: true,
    body: z.object({ ticket: TicketText }),
    answer: z.object({
      purpose: z.enum(['confirm', 'connect']).meta({
        description:
          'confirm: the provider began it. connect: the address belongs to an account here, whose user has to prove it',
      }),
      email: z.string().meta({ examples: ['ada@example.com'] }),
      display_name: z
        .string()
        .nullable()
        .meta({ examples: ['Ada Lovelace'] }),
      provider_name: z.string().meta({ examples: ['Corporate SSO'] }),
    }),
    errors: [InvalidTicket],
  },
  async ({ body, db, secretBox }) => {
    const ticket = await readTicket(db, secretBox, body.ticket);
    if (!ticket) throw InvalidTicket();
    const { email, displayName } = ticket.arrival;
    const provider = await db('providers').where({ id: ticket.providerId }).first('name');
    return { purpose: ticket.purpose, email, display_name: displayName, provider_name: provider.name };
  },
);
