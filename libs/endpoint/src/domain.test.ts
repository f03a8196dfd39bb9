import { describe, expect, it } from 'vitest';
import { Domain } from './domain.ts';

describe('a domain', () => {
  it('is kept in lower case and ASCII', () => {
    expect(Domain.parse(' ACME.com ')).toBe('acme.com');
    expect(Domain.parse('bücher.example')).toBe('xn--bcher-kva.example');
  });

  it.each([
    'acme',
    'http://acme.com',
    'acme.com/path',
    'a b.com',
    '-acme.com',
    '10.0.0.1',
    'acme..com',
    '',
    'acme.com:80',
  ])('is not %j', text => {
    expect(Domain.safeParse(text).success).toBe(false);
  });
});
