import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { SigningKey } from './saml-messages.ts';

/** An identity provider of pysaml2, which demands signed login requests. */
export interface Pysaml2IdentityProvider {
  /** Has it do something, see `identity_provider.py`. */
  ask(question: object): Promise<Record<string, string>>;
  /** Has it know the service provider by this metadata, in place of what it knew. */
  register(serviceProviderMetadata: string): Promise<void>;
  stop(): Promise<void>;
}

/** @param python as `testPysaml2()` gives it */
export async function startPysaml2(
  python: string,
  entityId: string,
  key: SigningKey,
  serviceProviderMetadata: string,
): Promise<Pysaml2IdentityProvider> {
  const folder = mkdtempSync(join(tmpdir(), 'rivergate-pysaml2-'));
  const known = join(folder, 'service-provider.xml');
  writeFileSync(known, serviceProviderMetadata);
  writeFileSync(join(folder, 'key.pem'), key.privateKey);
  writeFileSync(join(folder, 'certificate.pem'), key.certificate);
  const script = join(import.meta.dirname, 'pysaml2', 'identity_provider.py');
  const python3 = spawn(python, ['-W', 'ignore', script, folder, entityId]);
  let errors = '';
  python3.stderr.on('data', chunk => {
    errors += chunk;
  });
  const died = once(python3, 'exit').then(() => {
    throw new Error(`pysaml2 ended: ${errors}`);
  });
  // Looked at by who waits for an answer.
  died.catch(() => {});
  const lines = createInterface(python3.stdout);

  async function ask(question: object): Promise<Record<string, string>> {
    const answered = once(lines, 'line');
    python3.stdin.write(`${JSON.stringify(question)}\n`);
    const answer = JSON.parse((await Promise.race([answered, died]))[0]);
    if (answer.error) throw new Error(`${answer.error}\n${errors}`);
    return answer;
  }
  return {
    ask,
    async register(metadata) {
      writeFileSync(known, metadata);
      await ask({ do: 'know' });
    },
    async stop() {
      const ended = once(python3, 'exit');
      python3.stdin.end();
      await ended;
      rmSync(folder, { recursive: true });
    },
  };
}
