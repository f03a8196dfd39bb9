/** The services of the fleet. */
export type ServiceName =
  | 'identity'
  | 'organization'
  | 'sso'
  | 'data-source'
  | 'orchestration'
  | 'policy'
  | 'storage'
  | 'staging'
  | 'prompt';

/** Every process that issues internal credentials. */
export type ProcessName = ServiceName | 'gateway';
