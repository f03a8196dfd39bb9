import { keepPeople } from './keep-people.ts';
import { keepActivity } from './user-activity.ts';

export const consumers = () => [keepPeople, keepActivity];
export { personalData } from './personal-data.ts';
