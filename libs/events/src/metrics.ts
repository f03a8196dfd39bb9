/** What the relay and the consumers report; libs/service turns it into Prometheus metrics. All times in seconds. */
export interface EventMetrics {
  /** A batch reached the log. `age` is how long its oldest event waited in the outbox. */
  published?(count: number, age: number): void;
  publishFailed?(): void;
  /** One event was dealt with. `age` runs from the event's `time`. */
  handled?(consumer: string, type: string, outcome: 'done' | 'duplicate' | 'dead-letter', age: number): void;
  handlingFailed?(consumer: string, type: string): void;
}
