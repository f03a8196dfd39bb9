import { reply } from '@rivergate/endpoint';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';

/** Related origins (WebAuthn Level 3, section 5.11.1), which browsers ask for at the host that is the RP id. */
export const relatedOrigins = endpoint(
  {
    operation: 'getRelatedOrigins',
    method: 'get',
    path: '/.well-known/webauthn',
    summary: 'Origins whose pages may use the passkeys of this platform',
    caller: 'public',
    answer: z.object({ origins: z.array(z.string().meta({ examples: ['https://app.example.com'] })) }),
    bare: true,
  },
  async ({ settings }) =>
    reply(
      { origins: [...settings.relyingParty.origins] },
      { headers: { 'cache-control': 'public, max-age=3600' } },
    ),
);
