export { startTestCluster, type TestCluster } from './cluster.ts';
export { startTestSentinel, type TestSentinel } from './sentinel.ts';
