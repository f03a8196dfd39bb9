import { error } from '@rivergate/endpoint';

export const DomainNotFound = error('DOMAIN_NOT_FOUND', 404, 'The organization has claimed no such domain');
export const DomainAlreadyClaimed = error(
  'DOMAIN_ALREADY_CLAIMED',
  409,
  'The organization has claimed this domain already',
);
export const DomainTaken = error('DOMAIN_TAKEN', 409, 'Another organization has verified this domain');
export const DomainRecordMissing = error(
  'DOMAIN_RECORD_MISSING',
  409,
  'DNS does not show the record yet; it may take hours until everybody sees a new one',
);
export const TooManyDomains = error('TOO_MANY_DOMAINS', 409, 'The organization has claimed 100 domains');
