import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { type ChainedEntry, entryFault, entryHash } from './entry.ts';
import { isIncluded } from './tree.ts';

// A program by itself: this file, entry.ts, tree.ts and canonical-json.ts need Node 24 and nothing else.
const USAGE = `
  node verify-export.ts [--head HEAD.json] < audit-log.ndjson     an export, or what was shipped, in either order
  node verify-export.ts --proof [--head HEAD.json] < proof.json   what the proof endpoint answered

  HEAD.json is what the head endpoint answered once; without it nothing is compared with what you kept.
`;

interface Head {
  sequence: number;
  hash: string;
  root_hash: string;
}

const { values } = parseArgs({
  options: { proof: { type: 'boolean' }, head: { type: 'string' }, help: { type: 'boolean', short: 'h' } },
});
const unwrapped = <Value>(text: string): Value => {
  const json = JSON.parse(text);
  return json.data ?? json;
};
const head = values.head ? unwrapped<{ head: Head } & Head>(readFileSync(values.head, 'utf8')) : undefined;
const kept: Head | undefined = head?.head ?? head;

if (values.help) console.log(USAGE);
else {
  const fault = values.proof ? ofProof(readFileSync(0, 'utf8')) : await ofExport();
  if (fault) console.error(`BROKEN: ${fault}`);
  process.exitCode = fault ? 1 : 0;
}

function ofProof(text: string): string | undefined {
  const {
    entry,
    head: answered,
    leaf_index,
    path,
  } = unwrapped<{
    entry: ChainedEntry;
    head: Head;
    leaf_index: number;
    path: string[];
  }>(text);
  const fault = entryFault(entry);
  if (fault) return `entry ${entry.chain.sequence} ${fault}`;
  if (leaf_index !== entry.chain.sequence - 1) return 'the proof is of another place';
  if (kept && (kept.sequence !== answered.sequence || kept.root_hash !== answered.root_hash))
    return 'the proof leads to another head than the one that was kept';
  const root = Buffer.from(answered.root_hash, 'hex');
  const hashes = path.map(hash => Buffer.from(hash, 'hex'));
  if (!isIncluded(entryHash(entry), leaf_index, { size: answered.sequence, root, path: hashes }))
    return `entry ${entry.chain.sequence} does not lead to the root hash`;
  console.log(`Entry ${entry.chain.sequence} is in the log of ${answered.sequence} entries`);
  return undefined;
}

async function ofExport(): Promise<string | undefined> {
  let before: ChainedEntry | undefined;
  let [entries, gaps, seen] = [0, 0, false];
  for await (const line of createInterface({ input: process.stdin })) {
    if (line === '') continue;
    const entry: ChainedEntry = JSON.parse(line);
    const { sequence, hash } = entry.chain;
    const fault = entryFault(entry);
    if (fault) return `entry ${sequence} ${fault}`;
    if (kept?.sequence === sequence) {
      seen = true;
      if (kept.hash !== hash) return `entry ${sequence} is another one than that of the head that was kept`;
    }
    if (before) {
      const [older, newer] = before.chain.sequence < sequence ? [before, entry] : [entry, before];
      const step = newer.chain.sequence - older.chain.sequence;
      if (step === 0) return `entry ${sequence} comes twice`;
      if (step > 1) gaps += 1;
      else if (newer.chain.previous_hash !== older.chain.hash)
        return `entry ${newer.chain.sequence} does not follow the one before it`;
    }
    before = entry;
    entries += 1;
  }
  if (kept && !seen) return `entry ${kept.sequence}, of the head that was kept, is not there`;
  console.log(
    `${entries} entries are as they were written${gaps > 0 ? `; ${gaps} gaps between them` : ', without a gap'}`,
  );
  return undefined;
}
