import { get } from 'node:http';

const TIMEOUT_MS = 3000;

/** Whether a process says it is ready: GET /ready answers 200. */
export function isReady(url: string): Promise<boolean> {
  return new Promise(resolve => {
    const request = get(`${url}/ready`, { agent: false, timeout: TIMEOUT_MS }, response => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    request.once('timeout', () => request.destroy());
    request.once('error', () => resolve(false));
  });
}
