import { spawnSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '@rivergate/testing';
import { type Running, startProgram } from '../process.ts';

export const hasNginx = () => spawnSync('nginx', ['-v']).status === 0;

/** nginx with one worker, keep-alive to the service and no access log: as fast as it gets. */
export async function startNginx(target: string, core: number | null): Promise<Running> {
  return start(
    core,
    `upstream service { server ${target.replace('http://', '')}; keepalive 256; keepalive_requests 1000000; }`,
    'location / { proxy_pass http://service; proxy_http_version 1.1; proxy_set_header Connection ""; }',
  );
}

/** nginx as a service whose answers are always the same: JSON by path, with these headers. */
export async function startNginxService(
  answers: Record<string, object>,
  headers: Record<string, string>,
  core: number | null,
): Promise<Running> {
  const added = Object.entries(headers).map(([name, value]) => `add_header ${name} ${value};`);
  const locations = Object.entries(answers).map(
    ([path, answer]) =>
      `location = ${path} { default_type application/json; ${added.join(' ')} return 200 '${JSON.stringify(answer)}'; }`,
  );
  return start(core, '', locations.join('\n    '));
}

async function start(core: number | null, upstream: string, locations: string): Promise<Running> {
  const port = await freePort();
  const folder = mkdtempSync(join(tmpdir(), 'rivergate-nginx-'));
  const file = join(folder, 'nginx.conf');
  writeFileSync(
    file,
    `worker_processes 1;
daemon off;
pid ${folder}/nginx.pid;
error_log ${folder}/error.log;
events { worker_connections 4096; }
http {
  access_log off;
  keepalive_requests 1000000;
  client_body_temp_path ${folder}/body;
  proxy_temp_path ${folder}/proxy;
  fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi;
  scgi_temp_path ${folder}/scgi;
  ${upstream}
  server {
    listen 127.0.0.1:${port};
    ${locations}
  }
}
`,
  );
  return startProgram({
    command: 'nginx',
    argumentsOf: ['-c', file, '-p', folder],
    port,
    signal: 'SIGQUIT',
    folder,
    core,
  });
}
