import { catalogue, webhookData } from '@rivergate/events';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';

const outside = catalogue.flatMap(declaration => {
  const data = webhookData(declaration);
  return data ? [{ declaration, data }] : [];
});

/** Every property of a schema by its path, however deep. */
function* propertiesIn(schema: unknown, path = ''): Generator<string> {
  if (typeof schema !== 'object' || schema === null) return;
  const { properties, ...others } = schema as { properties?: Record<string, unknown> };
  for (const [name, property] of Object.entries(properties ?? {})) {
    yield `${path}.${name}`;
    yield* propertiesIn(property, `${path}.${name}`);
  }
  for (const other of Object.values(others)) yield* propertiesIn(other, path);
}

/** Named like a secret, and none. */
const HARMLESS = ['.token_id', '.registration_token_id', '.error_code'];

describe('an event that organizations can have sent to their webhooks', () => {
  it('is the exception', () => {
    expect(outside.length).toBeGreaterThan(20);
    expect(outside.length).toBeLessThan(catalogue.length);
  });

  it.each(outside.map(({ declaration, data }) => [declaration.type, data] as const))(
    '%s has no secret, none of a keyed hash, and no organization but its own',
    (_type, data) => {
      const properties = [...propertiesIn(z.toJSONSchema(data, { unrepresentable: 'any' }))];
      expect(properties.length).toBeGreaterThan(0);
      const secret = /password|secret|token|code|otp|hash|credential|(^|_)key$|ip_address/;
      expect(properties.filter(name => secret.test(name) && !HARMLESS.includes(name))).toEqual([]);
      expect(properties.filter(name => /organization|org_id|tenant/.test(name))).toEqual(
        properties.filter(name => name === '.organization_id'),
      );
    },
  );

  it('is none of what people do with their own accounts and logins', () => {
    const own = /^identity\.(user|session|login|password|passkey|second_factor|totp_device|backup_codes)\./;
    expect(outside.filter(({ declaration }) => own.test(declaration.type))).toEqual([]);
  });
});
