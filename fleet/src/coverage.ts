import { exercisedEndpoints } from './coverage/exercised.ts';
import { coverage } from './coverage/table.ts';

const exercised = exercisedEndpoints();
const rows = coverage(exercised);
const modules = Map.groupBy(rows, row => row.module);
const counted = [...modules].map(([module, own]) => ({
  module,
  service: own[0]!.service,
  total: own.length,
  declared: own.filter(row => row.declared).length,
  // What only the fleet may call is right when the gateway does not route it.
  routed: own.filter(row => (row.internal ? row.declared : row.routed)).length,
  tested: own.filter(row => row.tested).length,
}));
const sum = (column: 'total' | 'declared' | 'routed' | 'tested') =>
  counted.reduce((total, row) => total + row[column], 0);

const line = (cells: (string | number)[]) =>
  `${String(cells[0]).padEnd(28)}${String(cells[1]).padEnd(15)}${cells
    .slice(2)
    .map(cell => String(cell).padStart(10))
    .join('')}`;
console.log(line(['module', 'service', 'endpoints', 'declared', 'routed', 'tested']));
for (const { module, service, total, declared, routed, tested } of counted) {
  console.log(line([module, service, total, declared, routed, tested]));
}
console.log(line(['', '', sum('total'), sum('declared'), sum('routed'), sum('tested')]));
if (process.argv.includes('--missing')) {
  for (const row of rows.filter(({ declared }) => !declared))
    console.log(`missing: ${row.method} ${row.path}`);
}
if (exercised.length === 0)
  console.log('\nNothing is known of tests yet: "npm test" records what they exercise.');
