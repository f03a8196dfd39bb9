import { displayText } from '@rivergate/endpoint';

/** The name of an organization, workspace or role. */
export const Name = displayText(100);
