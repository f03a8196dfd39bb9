import { displayText, error } from '@rivergate/endpoint';

/** No challenge is pending: there never was one, an attempt spent it, or its time is over. */
export const ChallengeNotFound = error(
  'CHALLENGE_NOT_FOUND',
  404,
  'There is no challenge that waits for this; start again',
);

export const DeviceName = displayText(100).meta({ examples: ['Work laptop'] });
