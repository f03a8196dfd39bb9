import type { UserRule } from './caller-of.ts';
import type { CallAnswer, CallInput, EndpointSpec } from './spec.ts';

export interface CallOptions {
  /** Milliseconds for the whole call with its retries, or until a stream begins; default 2000. */
  deadline?: number;
}

/** An endpoint that services ask each other. */
export type Contract = EndpointSpec & { owner: string };

type Ask<Asked extends Contract> = <Spec extends Asked>(
  spec: Spec,
  input: CallInput<Spec>,
  options?: CallOptions,
) => Promise<CallAnswer<Spec>>;

/**
 * Asks another service. A failure that the declaration names comes back as that failure; anything else as
 * UpstreamUnavailable (503). What is streamed has to be iterated: leaving the iteration lets go of the connection, and it
 * fails with UpstreamUnavailable where the stream breaks off. Takes no contract that has to be asked on behalf of a user: for that somebody has to be
 * signed in, see CallForUser.
 */
export type Call = Ask<Contract & { onBehalfOf?: undefined }>;

/** Asks on behalf of the user who called: with that user's rights, as they were found when the request came. */
export type CallForUser = Ask<Contract>;

/** What a handler can ask: on behalf of a user where its declaration guarantees that there is one. */
export type CallOf<Spec extends EndpointSpec> = Spec extends { clients: true }
  ? unknown
  : Spec extends { caller: UserRule } | { onBehalfOf: UserRule }
    ? { call: CallForUser }
    : unknown;
