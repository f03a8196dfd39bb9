import { noticeCertificates } from './notice-certificates.ts';

export const schedules = [noticeCertificates];
