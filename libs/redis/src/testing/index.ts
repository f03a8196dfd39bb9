export { startTestCluster, type TestCluster } from './cluster.ts';
export { platform } from './least-rights.ts';
export { startTestSentinel, type TestSentinel } from './sentinel.ts';
export type { Tls } from './server.ts';
export { startTestServer, type TestServer } from './single.ts';
