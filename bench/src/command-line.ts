import { parseArgs } from 'node:util';
import type { GatewayOptions } from './gateway.ts';

export type Asked = { names: string[]; gateway: GatewayOptions };

/** @throws an Error that says what is wrong with the command line */
export function readCommandLine(words: string[]): Asked {
  const { positionals, values } = parseArgs({
    args: words,
    allowPositionals: true,
    options: {
      seconds: { type: 'string' },
      rounds: { type: 'string' },
      connections: { type: 'string' },
      scene: { type: 'string' },
      only: { type: 'string' },
    },
  });
  const { seconds, rounds, connections, scene, only } = values;
  return {
    names: positionals,
    gateway: {
      ...(seconds !== undefined && { seconds: whole('seconds', seconds) }),
      ...(rounds !== undefined && { rounds: whole('rounds', rounds) }),
      ...(connections !== undefined && { connections: whole('connections', connections) }),
      ...(scene !== undefined && { scenes: scene.split(',') }),
      ...(only !== undefined && { only: only.split(',') }),
    },
  };
}

function whole(name: string, text: string): number {
  if (!/^[1-9]\d{0,3}$/.test(text)) throw new Error(`--${name} takes a whole number from 1 to 9999`);
  return Number(text);
}
