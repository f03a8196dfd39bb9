import { UpstreamUnavailable } from '@rivergate/endpoint';
import { z } from 'zod';
import { endpoint } from '../../endpoint.ts';
import { openAnswer } from './posted-answer.ts';
import { nothingToPost, postingPage } from './posting-page.ts';

export const postAnswer = endpoint(
  {
    operation: 'postOauthAnswer',
    method: 'get',
    path: '/oauth/form-post',
    summary: 'The page by which a browser posts an answer to an OAuth client',
    description:
      'Where a request with response_mode=form_post leads. It works once, within a minute for an answer with a code, and goes on by ' +
      'itself for a browser that comes from the page of sign-in; any other is asked first.',
    caller: 'public',
    protocol: 'oauth',
    headers: z.object({
      'sec-fetch-site': z
        .string()
        .max(32)
        .optional()
        .meta({ description: 'Set by browsers (Fetch Metadata)', examples: ['same-origin'] }),
    }),
    query: z.object({
      answer: z
        .string()
        .max(16_000)
        .meta({ description: 'Sealed', examples: ['AQx3…'] }),
      iss: z
        .string()
        .max(2_000)
        .optional()
        .meta({
          description: 'What a redirect adds; who was led here by one is asked first',
          examples: [''],
        }),
    }),
    content: { 'text/html': 'text' },
  },
  {
    async prepare({ query, secretBox, useAnswer }) {
      const answer = openAnswer(secretBox, query.answer);
      if (!answer) return undefined;
      // A second form would post a code that was used, which ends all that it led to.
      const isFirst = await useAnswer(query.answer).catch(() => {
        throw UpstreamUnavailable('Whether this answer was posted before cannot be known; try again shortly');
      });
      return isFirst ? answer : undefined;
    },
    async handle({ prepared, headers, query }) {
      if (!prepared) return nothingToPost();
      // An app may have registered this very address: then our page leads here, and nobody has decided about this answer.
      return postingPage(prepared, headers['sec-fetch-site'] === 'same-origin' && query.iss === undefined);
    },
  },
);
