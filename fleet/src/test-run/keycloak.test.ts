import { afterEach, expect, it, vi } from 'vitest';
import { silence } from '../console/progress.ts';
import { runKeycloak } from './keycloak.ts';

afterEach(() => vi.unstubAllEnvs());

it.each(['', 'kerberos'])(
  'Keycloak is neither fetched nor started where --with is "%s", and says how it is',
  async stages => {
    vi.stubEnv('TEST_WITH', stages);
    const run = vi.fn();
    const offer = await runKeycloak({ directory: '/nowhere', run, progress: silence });
    expect(offer.reason).toContain('npm test -- --with keycloak');
    expect(run).not.toHaveBeenCalled();
  },
);
