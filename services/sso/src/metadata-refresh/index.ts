import { metadataRefresh } from '../../migrations/0015_metadata_refresh.ts';
import { refreshMetadata } from './refresh-metadata.ts';

export const migrations = [metadataRefresh];
export const workers = [refreshMetadata];
