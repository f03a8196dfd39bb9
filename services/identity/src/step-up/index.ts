import { stepUp as migration } from '../../migrations/0024_step_up.ts';
import { getStepUp } from './get-step-up.ts';
import { stepUp } from './step-up.ts';

export const tag = 'Authentication';
export const endpoints = [getStepUp, stepUp];
export const migrations = [migration];
