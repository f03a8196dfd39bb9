import { branding } from '../../migrations/0017_branding.ts';
import { deleteLogo } from './delete-logo.ts';
import { getBranding } from './get-branding.ts';
import { getLogo } from './get-logo.ts';
import { putBranding } from './put-branding.ts';
import { putLogo } from './put-logo.ts';

export const tag = 'Branding';
export const endpoints = [getBranding, putBranding, putLogo, deleteLogo, getLogo];
export const migrations = [branding];
