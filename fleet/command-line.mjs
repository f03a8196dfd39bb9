// What can be said of a command line before anything is installed: its help, and whether the tests it names exist.
// Plain JavaScript without dependencies, like bootstrap.mjs, which alone uses it.
import { readdirSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';

const START = `
  npm start [-- options]       starts Rivergate: PostgreSQL, Redis, a mailbox, the gateway and the services
  npm run dev [-- options]     the same, and restarts what changed when a file is saved

  --port NUMBER                of the gateway; 8080 if not given
  --data-dir DIRECTORY         where everything is kept; .fleet in the clone if not given
  --reset                      wipe that directory first
  --help                       this text

  Set in the environment, these are used instead of what is provisioned here:
    DATABASE_ADMIN_URL         a PostgreSQL, by the URL of an administrator
    REDIS_URL                  a Redis
    SMTP_URL, MAIL_FROM        a mail server (without it mails are at /dev/mailbox, for this machine only:
                               HOST and PUBLIC_URL must then not lead others here)
    KAFKA_BROKERS              Kafka (without it events are kept in PostgreSQL)
  And these are passed on: HOST, PUBLIC_URL, TRUST_PROXY, LOG_LEVEL, METRICS_TOKEN,
    RATE_LIMIT_<CLASS>, OTEL_EXPORTER_OTLP_ENDPOINT, ENCRYPTION_KEY
  RIVERGATE_NO_SYSTEM_CHANGES=1
                               refuse whatever would write outside the clone (see docs/operations.md)
`;

const TEST = `
  npm test                               types, lint, format and all tests
  npm test -- PATH... [vitest options]   the test files whose path contains one of these, and nothing else
  npm test -- --with keycloak [PATH...]  also the stage of Keycloak, which is fetched by Maven (180 MB, once)
  npm run test:watch -- [PATH...]        the same again whenever a file is saved, on stores that stay up

  npm test -- services/identity
  npm test -- libs/endpoint/src/input.test.ts -t 'refuses unknown fields'

  PostgreSQL and Redis are started for the run, Kafka and Chromium when the first test asks for them.
    KAFKA_BROKERS, CHROMIUM_PATH         a broker and a browser to use instead
    REQUIRE_ALL_SUITES=1                 fail where a suite would be skipped, as for want of Kafka
    TEST_LOG_LEVEL                       what services under test log: trace, debug, info, warn, error; fatal if not set
    RIVERGATE_NO_SYSTEM_CHANGES=1        refuse whatever would write outside the clone (see docs/operations.md)
`;

const HELP = {
  start: START,
  dev: START,
  test: TEST,
  'test:watch': TEST,
  check: `
  npm run check                types (tsc), lint and format (biome) of the whole workspace; changes nothing
`,
  coverage: `
  npm run coverage             how much of the planned API is declared, routed and tested
  npm run coverage -- --missing   also lists the endpoints that are not declared yet
`,
  docs: `
  npm run docs                 writes anew what is made from declarations: docs/errors.md, and the table of services in
                               docs/architecture.md
`,
  'audit:verify': `
  npm run audit:verify [-- options]   follows the audit logs of all organizations, and names the first entry of each that is
                               not as it was written; exit code 1 where there is one. Of the fleet that runs on this
                               machine, or of the database in DATABASE_URL (of organization) or DATABASE_ADMIN_URL

  --organization NUMBER        of this one alone
  --keep FILE                  write the heads of all logs to this file, to be kept where nobody who can change the database
                               can change it
  --against FILE               compare with heads that were kept: shows also a log that was made anew as a whole
  --data-dir DIRECTORY         of npm start; .fleet in the clone if not given
`,
  bench: `
  npm run bench [-- NAME... [options]]   measures, and compares with the baselines in bench/: gateway, identity,
                               events, fleet

  npm run bench -- gateway --scene trivial --only relay,gateway --seconds 2   two proxies beside each other, in 40 s

  Options of gateway:
    --only NAME,...            what is measured; without it everything that can be had here
    --scene NAME,...           before what: trivial, identity; or workers: one and two processes of the gateway;
                               without it all
    --seconds NUMBER           of load in each round, whole; 3 if not given. Twice as long warms up, the JVM longer
    --rounds NUMBER            of which the best counts; 3 if not given
    --connections NUMBER       64 if not given
`,
};

/** The help of this command where its arguments ask for it. */
export function helpAskedFor(command, args) {
  return args.some(word => word === '--help' || word === '-h') ? HELP[command] : undefined;
}

/** What takes so long to get and to start that it is left out where nobody asks for it by `--with NAME`. */
const STAGES = ['keycloak'];

/**
 * What `npm test -- PATH... [vitest options]` names, relative to the clone: everything before the first option.
 * A path chooses the test files whose own path contains it, as in vitest. The stages may be named anywhere.
 */
export function testSelection(root, given) {
  const stages = given.filter((_, index) => given[index - 1] === '--with');
  const args = given.filter((word, index) => word !== '--with' && given[index - 1] !== '--with');
  const firstOption = args.findIndex(word => word.startsWith('-'));
  const end = firstOption < 0 ? args.length : firstOption;
  const paths = args.slice(0, end).map(path => relative(root, resolve(root, path)));
  const files = paths.length > 0 ? testFiles(root) : [];
  const unknown = paths.filter(path => !files.some(file => file.includes(path.replace(/:\d+$/, ''))));
  const unknownStages = given.at(-1) === '--with' ? [''] : stages.filter(name => !STAGES.includes(name));
  return { args: [...paths, ...args.slice(end)], unknown, stages, unknownStages };
}

function testFiles(root, folder = '') {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap(entry => {
    const path = join(folder, entry.name);
    if (entry.isDirectory())
      return entry.name === 'node_modules' || entry.name.startsWith('.') ? [] : testFiles(root, path);
    return entry.name.endsWith('.test.ts') ? [path] : [];
  });
}
