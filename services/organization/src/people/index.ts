import { keepPeople } from './keep-people.ts';

export const consumers = () => [keepPeople];
