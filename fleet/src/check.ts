import { check, report } from './check/check.ts';

const findings = await check();
report(findings, text => process.stdout.write(text));
const passed = findings.every(finding => finding.passed);
console.log(
  passed
    ? '\nThe check passes.'
    : '\nThe check fails. `node_modules/.bin/biome check --write` fixes what it can.',
);
process.exitCode = passed ? 0 : 1;
