import { settingsRevision } from '../../migrations/0003_settings_revision.ts';
import { getSettings } from './get-settings.ts';
import { updateSettings } from './update-settings.ts';

export const tag = 'Organizations';
export const endpoints = [getSettings, updateSettings];
export const migrations = [settingsRevision];
