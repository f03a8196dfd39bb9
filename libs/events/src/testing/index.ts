export { type TestDatabase, testDatabase } from './database.ts';
export { gardener, grownIn, plantGrown, record, silent } from './garden.ts';
