export { type AllowedTargets, parseAllowedTargets } from './allowed-targets.ts';
export type { OutboundAnswer } from './answer.ts';
export type { Bounds, OutboundRequest } from './bounds.ts';
export type { Reach } from './checked-addresses.ts';
export { OutboundFailure, type OutboundReason } from './failure.ts';
export type { FetchFace } from './fetch.ts';
export { type Outbound, outbound } from './outbound.ts';
export { parseNameServers } from './resolve.ts';
export type { TextRecords } from './text-records.ts';
