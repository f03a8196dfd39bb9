import type { EndpointSpec } from './spec.ts';

/** Diagnostics channel on which every answer is announced: metrics and tests listen to it. */
export const ANSWERED = 'rivergate:endpoint';

export interface Answered {
  service: string;
  spec: EndpointSpec;
  status: number;
  seconds: number;
  /** What was thrown, if anything was. */
  cause: unknown;
}
