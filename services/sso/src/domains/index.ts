import { verifiedDomains } from './verified-domains.ts';

export const consumers = () => [verifiedDomains];
