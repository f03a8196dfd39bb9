import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Files that wait for processes to die and come back, for a browser or for compilers: minutes, and little of a core. */
const LONG = /\/(?:crash|clients|acceptance|launch)\/|outage|kafka|keycloak|distributed-redis|start\.test/;

/** Begins with the files that take longest, so that none of them is what everything waits for in the end. */
export class LongFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const long = (file: TestSpecification) => LONG.test(file.moduleId);
    return [...sorted.filter(long), ...sorted.filter(file => !long(file))];
  }
}
