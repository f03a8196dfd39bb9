import { error, Timestamp } from '@rivergate/endpoint';
import { z } from 'zod';
import type { ShippingRow } from './shipping-store.ts';

export const ShippingNotFound = error(
  'AUDIT_SHIPPING_NOT_FOUND',
  404,
  'The organization sends its audit log nowhere',
);

const Url = z
  .url({ protocol: /^https?$/ })
  .max(2_000)
  .refine(url => !/[?#]/.test(url), {
    error: 'must have no query: what is secret goes into the header',
    params: { code: 'invalid_format' },
  })
  .meta({
    description: 'Where a collector takes logs by OTLP over HTTP, in JSON',
    examples: ['https://collector.example.com/v1/logs'],
  });

/** Of the connection, or set by what is sent. */
const TAKEN =
  /^(host|connection|keep-alive|proxy-.*|te|trailer|transfer-encoding|upgrade|http2-settings|expect|content-.*)$/i;

const Header = z.strictObject({
  name: z
    .string()
    .regex(/^[A-Za-z0-9-]{1,64}$/)
    .refine(name => !TAKEN.test(name), { error: 'is set already', params: { code: 'not_allowed' } })
    .meta({ examples: ['Authorization'] }),
  value: z
    .string()
    .min(1)
    .max(4_096)
    .regex(/^[\x20-\x7e]+$/)
    .meta({ description: 'Kept sealed, and never shown', examples: ['Bearer 2b6f8c1e'] }),
});

export const ShippingChange = z.object({
  url: Url,
  header: Header.optional().meta({
    description: 'Goes with every request, such as the token of the collector',
  }),
  from: z.enum(['start', 'now']).optional().meta({
    description:
      'Whether all entries are sent or those from now on; without it, shipping goes on where it was, or begins at the start',
  }),
});

export const Shipping = z
  .object({
    url: z.string().meta({ examples: ['https://collector.example.com/v1/logs'] }),
    header_name: z
      .string()
      .nullable()
      .meta({ examples: ['Authorization'] }),
    shipped_sequence: z.int().meta({ description: 'Of the last entry that was taken' }),
    lag: z.int().meta({ description: 'Entries that wait' }),
    failures: z.int().meta({ description: 'Tries that failed since the last one that did not' }),
    next_try_at: Timestamp,
    last_success_at: Timestamp.nullable(),
    last_failure_at: Timestamp.nullable(),
    last_error: z
      .string()
      .nullable()
      .meta({ examples: ['The collector answered 401'] }),
  })
  .meta({ id: 'AuditShipping' });

export function shownShipping(row: ShippingRow, head: number): z.input<typeof Shipping> {
  const { url, header_name, sequence, failures, last_error } = row;
  const { next_try_at, last_success_at, last_failure_at } = row as never as Record<string, string>;
  return {
    url,
    header_name,
    shipped_sequence: sequence,
    lag: Math.max(0, head - sequence),
    failures,
    next_try_at: next_try_at!,
    last_success_at: last_success_at!,
    last_failure_at: last_failure_at!,
    last_error,
  };
}
