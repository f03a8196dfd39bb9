import { form } from '@rivergate/endpoint';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { Named, ProviderNotFound } from '../providers/provider.ts';
import { checkLogoutMessage, concludeLogoutMessage } from './receive-logout.ts';

/** A message of 256 KB in base64. */
const LONGEST = 400_000;

const declared = {
  path: '/sso/providers/:provider_id/slo',
  description:
    'Where a SAML provider sends the browser with a request to end sessions that it opened here, which is answered, or with its ' +
    'answer to such a request of the platform; then the browser is sent on to the page /sso. Messages have to be signed, and count ' +
    'once. Whether the person that a request names is known here, the answer does not tell.',
  caller: 'public',
  params: Named,
  content: { 'text/html': 'text' },
  // The provider's own address for answers, which an administrator has set up.
  redirects: { status: 303, to: 'any' },
  errors: [ProviderNotFound],
} as const;

const Message = z.string().max(LONGEST).optional();
const RelayState = z
  .string()
  .max(2_048)
  .optional()
  .meta({ examples: ['page.isolation'] });

const isOneMessage = (given: { SAMLRequest?: string | undefined; SAMLResponse?: string | undefined }) =>
  (given.SAMLRequest === undefined) !== (given.SAMLResponse === undefined);
const ONE_MESSAGE = {
  path: ['SAMLRequest'],
  error: 'is required, or else SAMLResponse, and not both',
  params: { code: 'required' },
};

export const receiveLogout = endpoint(
  {
    ...declared,
    operation: 'receiveSamlLogout',
    method: 'get',
    summary: 'SAML single logout, by HTTP-Redirect',
    writes: true,
    // The signature is over the parameters as they were written (SAML Bindings, section 3.4.4.1).
    rawQuery: true,
    query: z
      .looseObject({
        SAMLRequest: Message,
        SAMLResponse: Message,
        RelayState,
        SigAlg: z.string().max(2_048).optional(),
        Signature: z.string().max(8_192).optional(),
      })
      .refine(isOneMessage, ONE_MESSAGE),
  },
  {
    prepare: ({ params, query, rawQuery, ...tools }) =>
      checkLogoutMessage(
        tools,
        params.provider_id,
        { binding: 'redirect', query: rawQuery },
        query.SAMLResponse !== undefined,
      ),
    handle: ({ prepared, ...tools }) => concludeLogoutMessage(tools, prepared),
  },
);

export const receivePostedLogout = endpoint(
  {
    ...declared,
    operation: 'receivePostedSamlLogout',
    method: 'post',
    summary: 'SAML single logout, by HTTP-POST',
    accepts: [form({ oauth: true })],
    bodyLimit: 512 * 1024,
    body: z
      .object({ SAMLRequest: Message, SAMLResponse: Message, RelayState })
      .refine(isOneMessage, ONE_MESSAGE)
      .meta({ examples: [{ SAMLRequest: 'PHNhbWxwOkxvZ291dFJlcXVlc3Q+' }] }),
    // A message counts once.
    idempotency: false,
  },
  {
    prepare({ params, body: { SAMLRequest, SAMLResponse, RelayState: relayState }, ...tools }) {
      const given = { SAMLRequest, SAMLResponse, RelayState: relayState };
      const fields = Object.fromEntries(
        Object.entries(given).filter((field): field is [string, string] => field[1] !== undefined),
      );
      const message = { binding: 'post', fields } as const;
      return checkLogoutMessage(tools, params.provider_id, message, SAMLResponse !== undefined);
    },
    handle: ({ prepared, ...tools }) => concludeLogoutMessage(tools, prepared),
  },
);
