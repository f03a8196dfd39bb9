import type { AccessTokens, Claims } from './access-tokens.ts';
import type { Running } from './process.ts';

export type Verification = {
  tokens: AccessTokens;
  /** Whose token the measured requests carry. */
  caller: Claims;
  /** Where the keys of the tokens are published. */
  keysUrl: string;
};

/** A service, a gateway in front of it, and an authenticated GET that both answer. */
export type Scene = {
  title: string;
  path: string;
  service: Running;
  gateway: Running & { pid: number };
  redis: Pick<Running, 'url' | 'cpu'>;
  /** With what the gateway lets the request through. */
  authorization: string;
  /** The same in an organization that admits a thousand networks; null where there is none. */
  listed: string | null;
  /**
   * New internal credentials, for requests that reach the service without the gateway: each is good for one request
   * and half a minute. Null where the service answers without.
   */
  credentials: ((count: number) => string[]) | null;
  /** By what others verify the same access tokens; null where none of them could reach the service. */
  verification: Verification | null;
  stop(): Promise<void>;
};

/** Requests a minute that no load reaches: they are counted all the same. */
export const UNLIMITED = 999_999_999;

/** The limits of the gateway set to that. */
export const unlimited = Object.fromEntries(
  ['STANDARD', 'PREMIUM', 'ADMIN'].map(name => [`RATE_LIMIT_${name}`, `${UNLIMITED}/60`]),
);

/** Starts the parts of a scene; what was started before one failed is stopped again. */
export async function assemble(
  build: (
    keep: <Part extends { stop(): Promise<void> }>(starting: Promise<Part>) => Promise<Part>,
  ) => Promise<Omit<Scene, 'stop'>>,
): Promise<Scene> {
  const started: { stop(): Promise<void> }[] = [];
  const stop = async () => {
    for (const part of started.splice(0).reverse()) await part.stop();
  };
  try {
    const scene = await build(async starting => {
      const part = await starting;
      started.push(part);
      return part;
    });
    return { ...scene, stop };
  } catch (cause) {
    await stop();
    throw cause;
  }
}
