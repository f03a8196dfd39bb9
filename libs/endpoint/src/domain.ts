import { domainToASCII } from 'node:url';
import { z } from 'zod';

const LABEL = /^(?!-)[a-z0-9-]{1,63}(?<!-)$/;
/** A bare host name such as acme.com, kept in lower case; an international one in its ASCII form. */
export const Domain = z
  .string()
  .trim()
  .max(253)
  .overwrite(domain => (/^[^\s/:@?#\\%]+$/.test(domain) ? domainToASCII(domain.toLowerCase()) : ''))
  .refine(isHostName, {
    error: 'must be a host name such as acme.com',
    params: { code: 'invalid_format' },
  })
  .meta({ description: 'Bare host name such as acme.com, kept in lower case' });

/** What stands behind the @ of an address, which is in lower case as all are that are kept. */
export const domainOfAddress = (email: string): string => email.slice(email.lastIndexOf('@') + 1);

function isHostName(domain: string): boolean {
  const labels = domain.split('.');
  const last = labels.at(-1) ?? '';
  return (
    domain.length <= 253 &&
    labels.length >= 2 &&
    labels.every(label => LABEL.test(label)) &&
    !/^\d+$/.test(last)
  );
}
