import { endpoints } from '@rivergate/endpoint';

export const endpoint = endpoints();
