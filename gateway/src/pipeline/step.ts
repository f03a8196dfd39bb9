import type { Exchange } from '../exchange.ts';

/** One rule of the gateway. It adds to the exchange, or throws the Failure that the client is answered. */
export type Step = (exchange: Exchange) => void | Promise<void>;
