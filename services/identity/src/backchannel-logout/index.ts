import { backchannelLogout } from '../../migrations/0034_backchannel_logout.ts';
import { dropUnwantedLogouts, sendLogouts } from './send-logouts.ts';

export const tag = 'OAuth';
export const migrations = [backchannelLogout];
export const schedules = [dropUnwantedLogouts];
export const workers = [sendLogouts];
