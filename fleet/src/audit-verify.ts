import { writeFileSync } from 'node:fs';
import pg from 'pg';
import { auditDatabase } from './audit-verify/audit-database.ts';
import { readVerifyOptions } from './audit-verify/options.ts';
import { chainsOf, type Verdict, verifyChain } from './audit-verify/verify-chain.ts';

/** Milliseconds between two lines that say how far it is. */
const SAY = 2_000;

process.exitCode = await verify().catch(cause => {
  console.error(`  ✗ ${cause.message}`);
  return 2;
});

/** @returns 0 where all is as it was written, 1 where something is not */
async function verify(): Promise<number> {
  const { organization, dataDirectory, against, keep } = readVerifyOptions(process.argv.slice(2));
  const database = new pg.Client({ connectionString: auditDatabase(process.env, dataDirectory) });
  await database.connect();
  try {
    const chains = organization === undefined ? await chainsOf(database) : [organization];
    // Those that were kept and are gone altogether.
    const gone = against.map(head => head.organization_id).filter(id => !chains.includes(id));
    const wanted = organization === undefined ? [...chains, ...new Set(gone)] : chains;
    const verdicts: Verdict[] = [];
    let said = performance.now();
    for (const id of wanted) {
      const kept = against.filter(head => head.organization_id === id);
      const verdict = await verifyChain(database, id, kept, entries => {
        if (performance.now() - said < SAY) return;
        said = performance.now();
        console.log(`  … ${nameOf(id)}: ${entries} entries so far`);
      });
      verdicts.push(verdict);
      if (verdict.fault) console.error(`  ✗ ${nameOf(id)} ${verdict.fault}`);
    }
    return sum(verdicts, keep);
  } finally {
    await database.end();
  }
}

function sum(verdicts: Verdict[], keep: string | undefined): number {
  const broken = verdicts.filter(({ fault }) => fault !== undefined);
  if (keep && broken.length === 0)
    writeFileSync(keep, verdicts.map(({ head }) => `${JSON.stringify(head)}\n`).join(''));
  const entries = verdicts.reduce((total, verdict) => total + verdict.entries, 0);
  if (broken.length > 0) console.error(`  ✗ ${broken.length} of ${verdicts.length} audit logs are broken`);
  else console.log(`  ✓ ${entries} entries of ${verdicts.length} audit logs are as they were written`);
  return broken.length > 0 ? 1 : 0;
}

function nameOf(organization: number): string {
  return organization === 0 ? 'The log of no organization' : `Organization ${organization}`;
}
