export { type TestDatabase, testDatabase } from './database.ts';
export { gardener, plantGrown, record, silent } from './garden.ts';
