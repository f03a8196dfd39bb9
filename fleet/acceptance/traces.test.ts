import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { urlVariable } from '@rivergate/service';
import { eventually, startMailCatcher, testEnvironment } from '@rivergate/testing';
import { expect, it } from 'vitest';
import { freePorts } from '../src/provision/ports.ts';
import { uniqueEmail } from './person.ts';

interface Span {
  name: string;
  traceId: string;
  spanId: string;
  parentSpanId?: string;
}

const TRACE = '0af7651916cd43dd8448eb211c80319c';

/** A collector that takes OTLP over HTTP and keeps the spans. */
async function collector() {
  const spans: Span[] = [];
  const server = createServer(async (request, response) => {
    let text = '';
    for await (const chunk of request) text += chunk;
    for (const { scopeSpans } of JSON.parse(text).resourceSpans) {
      for (const scope of scopeSpans) spans.push(...scope.spans);
    }
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    spans,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => server.close(),
  };
}

it('one trace leads from the browser’s request through gateway and service to the SQL', async () => {
  const [environment, mail, traces] = await Promise.all([testEnvironment(), startMailCatcher(), collector()]);
  const [gatewayPort, identityPort] = await freePorts(2);
  environment.set({
    SMTP_URL: mail.smtpUrl,
    OTEL_EXPORTER_OTLP_ENDPOINT: traces.url,
    [urlVariable('identity')]: `http://127.0.0.1:${identityPort}`,
  });
  const processes: ChildProcess[] = [];
  const start = async (module: string, env: NodeJS.ProcessEnv) => {
    const child = fork(new URL(module, import.meta.url), {
      env: { PATH: process.env.PATH, ...env },
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    processes.push(child);
    const [message] = await Promise.race([once(child, 'message'), once(child, 'exit')]);
    expect(message, module).toEqual({ ready: true });
  };
  try {
    await start('../../services/identity/src/main.ts', {
      ...environment.of('identity'),
      PORT: String(identityPort),
    });
    await start('../../gateway/src/main.ts', { ...environment.of('gateway'), PORT: String(gatewayPort) });
    const answer = await fetch(`http://127.0.0.1:${gatewayPort}/api/v1/auth/signup`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', traceparent: `00-${TRACE}-b7ad6b7169203331-01` },
      body: JSON.stringify({ email: uniqueEmail(), password: 'Correct1horse' }),
    });
    expect(answer.status).toBe(201);

    const ours = () => traces.spans.filter(span => span.traceId === TRACE);
    const insert = await eventually(
      () => ours().find(({ name }) => name === 'SQL INSERT'),
      'the span of an INSERT',
    );
    await eventually(
      () => ours().some(({ parentSpanId }) => parentSpanId === 'b7ad6b7169203331'),
      'the span under the browser’s',
    );
    const ancestors: string[] = [];
    for (
      let span: Span | undefined = insert;
      span;
      span = ours().find(({ spanId }) => spanId === span?.parentSpanId)
    )
      ancestors.push(span.name);
    expect(ancestors.length, ancestors.join(' < ')).toBeGreaterThanOrEqual(3);
    expect(JSON.stringify(traces.spans)).not.toContain('Correct1horse');
  } finally {
    for (const child of processes.reverse()) {
      if (child.exitCode !== null) continue;
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      await ended;
    }
    await mail.stop();
    traces.close();
    await environment.remove();
  }
});
