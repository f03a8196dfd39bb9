export { type TestDatabase, testDatabase } from './database.ts';
export { changedIn, exampleActor, itemChanged, record, silent } from './inventory.ts';
