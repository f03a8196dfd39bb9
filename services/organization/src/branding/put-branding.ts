import { Branding } from '@rivergate/contracts';
import { Id } from '@rivergate/endpoint';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { changeBranding } from './change-branding.ts';

const Color = z
  .string()
  .regex(/^#[0-9a-f]{6}$/i, 'must be # and six hexadecimal digits')
  .overwrite(color => color.toLowerCase())
  .meta({ description: '# and six hexadecimal digits', examples: ['#0b7a75'] });

export const putBranding = endpoint(
  {
    operation: 'putBranding',
    method: 'put',
    path: '/organizations/:org_id/branding',
    summary: 'Choose the colour in which an organization shows itself',
    description:
      'Pages take it for buttons and links, darker or lighter where it could not be read. Null brings back the colour of the platform.',
    caller: 'admin',
    clients: true,
    params: z.object({ org_id: Id }),
    body: z.object({ accent_color: z.union([Color, z.null()]) }),
    answer: z.object({ branding: Branding }),
    message: 'Branding updated',
  },
  async ({ params, body: { accent_color }, ...tools }) => {
    const { after } = await changeBranding(tools, params.org_id, () => ({ accent_color }));
    return { branding: after };
  },
);
