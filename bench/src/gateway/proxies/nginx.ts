import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Running } from '../process.ts';
import { cpuTime, onCore, untilAnswering } from '../process.ts';

export const hasNginx = () => spawnSync('nginx', ['-v']).status === 0;

/** nginx with one worker, keep-alive to the service and no access log: as fast as it gets. */
export async function startNginx(port: number, target: string, core: number | null): Promise<Running> {
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
  upstream service { server ${target.replace('http://', '')}; keepalive 256; keepalive_requests 1000000; }
  server {
    listen 127.0.0.1:${port};
    location / { proxy_pass http://service; proxy_http_version 1.1; proxy_set_header Connection ""; }
  }
}
`,
  );
  const [command, argumentsOf] = onCore(core, 'nginx', ['-c', file, '-p', folder]);
  const child = spawn(command, argumentsOf, { stdio: 'ignore' });
  const url = `http://127.0.0.1:${port}`;
  await untilAnswering(`${url}/ready`);
  return {
    url,
    cpu: () => cpuTime(child.pid!),
    stop: async () => {
      const ended = new Promise(resolve => child.once('exit', resolve));
      child.kill('SIGQUIT');
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
