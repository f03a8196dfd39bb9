/** What the workers report; libs/service turns it into Prometheus metrics. */
export interface JobMetrics {
  /** A slice of a job of this kind is begun (1) or over (-1) in this process. */
  working?(kind: string, change: 1 | -1): void;
  /** Jobs that wait for their turn, of the whole service. */
  waiting?(byKind: ReadonlyMap<string, number>): void;
  /** A try of an item came to this. */
  tried?(kind: string, outcome: 'done' | 'failed' | 'again'): void;
}
