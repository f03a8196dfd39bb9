import { credentialKey, credentialKeys } from '@rivergate/caller';
import { eventLogFromEnv } from '@rivergate/events';
import { readConfig as readGatewayConfig } from '@rivergate/gateway/config';
import { createLog, DATABASE_ROLES, readConfig, roleOf, SERVICES, urlVariable } from '@rivergate/service';
import { describe, expect, it } from 'vitest';
import { generateSecrets, passwordVariable } from './src/environment.ts';
import { textOf } from './src/testing/clone.ts';
import { composeFile } from './src/testing/compose-file.ts';

const secrets = generateSecrets();
const { services, networks, volumes } = composeFile(secrets);
const containers = Object.entries(services);
const processes = ['gateway', ...SERVICES.map(({ name }) => name)];
const longRunning = containers.filter(([name]) => name !== 'provision');

describe('docker-compose.yml', () => {
  it('asks for every secret that is generated, and for no other', () => {
    const asked = [...textOf('docker-compose.yml').matchAll(/\$\{(\w+):\?/g)].map(match => match[1]);
    expect(new Set(asked)).toEqual(new Set(Object.keys(secrets)));
    for (const missing of Object.keys(secrets)) {
      expect(() => composeFile({ ...secrets, [missing]: '' }), missing).toThrow(missing);
    }
  });

  it('has a container for the gateway and each service', () => {
    const own = containers.filter(([, { command }]) => command?.[0]?.endsWith('/src/main.ts'));
    expect(own.map(([name]) => name).toSorted()).toEqual(processes.toSorted());
    for (const { name } of SERVICES)
      expect(services[name]?.command).toEqual([`services/${name}/src/main.ts`]);
  });

  it.each(SERVICES)('gives $name an environment that it accepts', ({ name, port }) => {
    const environment = services[name]!.environment;
    const config = readConfig(environment);
    expect(config).toMatchObject({ PORT: port, HOST: '0.0.0.0', NODE_ENV: 'production' });
    expect(new URL(config.DATABASE_URL)).toMatchObject({
      username: roleOf(name),
      password: secrets[passwordVariable(roleOf(name))],
      hostname: 'postgres',
      pathname: '/rivergate',
    });
    expect(() => eventLogFromEnv(environment, createLog(name, 'silent'))).not.toThrow();
  });

  it('gives the gateway an environment that it accepts, with the address of every service', () => {
    const {
      services: upstreams,
      port,
      trustProxy,
      mailbox,
    } = readGatewayConfig(services.gateway!.environment);
    expect({ port, trustProxy, mailbox }).toEqual({ port: 8080, trustProxy: 'false', mailbox: null });
    expect(upstreams).toEqual(SERVICES.map(({ name, port }) => ({ name, url: `http://${name}:${port}` })));
  });

  it('lets the gateway have more workers, with the processors and the memory for them', () => {
    const given = { GATEWAY_WORKERS: '4', GATEWAY_CPUS: '4.0', GATEWAY_MEMORY: '1536M' };
    const gateway = composeFile({ ...secrets, ...given }).services.gateway!;
    expect(readGatewayConfig(gateway.environment).workers).toBe(4);
    expect(gateway.deploy.resources.limits).toMatchObject({ cpus: '4.0', memory: '1536M' });
  });

  it('tells every process where every service is', () => {
    for (const name of processes) {
      for (const service of SERVICES) {
        expect(services[name]!.environment[urlVariable(service.name)]).toBe(
          `http://${service.name}:${service.port}`,
        );
      }
    }
  });

  it('gives each process a signing key of its own, which all others can verify', () => {
    for (const name of processes) {
      expect(credentialKey(services[name]!.environment).name).toBe(name);
      const known = [...credentialKeys(services[name]!.environment).values()].map(key => key.name);
      expect(known).toEqual(processes);
    }
  });

  it('gives a container no secret of another', () => {
    for (const [name, { environment }] of containers) {
      const held = Object.values(environment).join('\n');
      for (const { role } of DATABASE_ROLES) {
        const own = name === 'provision' || (processes.includes(name) && roleOf(name) === role);
        expect(held.includes(secrets[passwordVariable(role)]!), `${name} holds the password of ${role}`).toBe(
          own,
        );
      }
      const administers = ['postgres', 'provision'].includes(name);
      expect(held.includes(secrets.POSTGRES_PASSWORD!), name).toBe(administers);
      expect(held.includes(secrets.ENCRYPTION_KEY!), name).toBe(
        SERVICES.some(service => service.name === name),
      );
    }
  });

  it('keeps secrets off command lines', () => {
    for (const [name, { command, healthcheck }] of containers) {
      const visible = JSON.stringify([command, healthcheck]);
      for (const secret of Object.values(secrets)) expect(visible, name).not.toContain(secret);
    }
  });

  it('publishes the gateway, and the mails to this machine alone', () => {
    const published = longRunning.flatMap(([name, { ports = [] }]) => ports.map(port => `${name} ${port}`));
    expect(published).toEqual(['gateway 8080:8080', 'mailpit 127.0.0.1:8025:8025']);
    const closed = Object.keys(networks).filter(name => networks[name]?.internal);
    expect(closed).toEqual(['fleet', 'database', 'state', 'mail', 'files']);
    const reachable = containers
      .filter(([, { networks }]) => networks.includes('edge'))
      .map(([name]) => name);
    expect(reachable).toEqual(['gateway', 'mailpit']);
  });

  it('lets the gateway nowhere near the database', () => {
    const near = containers.filter(([, { networks }]) => networks.includes('database')).map(([name]) => name);
    expect(near.toSorted()).toEqual(
      [...SERVICES.map(({ name }) => name), 'postgres', 'provision'].toSorted(),
    );
  });

  it('pins every image to a version', () => {
    for (const [name, { image }] of containers) {
      expect(image, name).toMatch(/^[\w./-]+:(v?\d+\.\d+\.?\d*(-[\w.]+)?|RELEASE\.[\dTZ-]+)$/);
    }
    const { version } = JSON.parse(textOf('package.json'));
    for (const name of [...processes, 'provision'])
      expect(services[name]?.image).toBe(`rivergate:${version}`);
    const [, kafka] = /<kafka\.version>([\d.]+)</.exec(textOf('deploy/kafka/pom.xml'))!;
    expect(services.kafka?.image, 'the release that the tests run against').toBe(`apache/kafka:${kafka}`);
    expect(services.postgres?.image).toMatch(/^postgres:18\./);
  });

  it('confines every container: nothing to write, no rights, a limit to what it takes', () => {
    for (const [name, container] of containers) {
      expect(container, name).toMatchObject({
        read_only: true,
        cap_drop: ['ALL'],
        security_opt: ['no-new-privileges:true'],
        deploy: {
          resources: {
            limits: {
              cpus: expect.stringMatching(/^\d\.\d$/),
              memory: expect.stringMatching(/^\d+[MG]$/),
              pids: expect.any(Number),
            },
          },
        },
      });
      for (const volume of container.volumes ?? [])
        expect(Object.keys(volumes)).toContain(volume.split(':')[0]);
    }
  });

  it('restarts what dies, and watches its health', () => {
    for (const [name, container] of longRunning) {
      expect(container.restart, name).toBe('unless-stopped');
      expect(container.healthcheck.test?.[0], name).toMatch(/^CMD/);
    }
    expect(services.provision).toMatchObject({ restart: 'no', healthcheck: { disable: true } });
  });

  it('starts each after what it needs, without a circle', () => {
    for (const { name } of SERVICES) {
      expect(services[name]?.depends_on).toMatchObject({
        provision: { condition: 'service_completed_successfully' },
        redis: { condition: 'service_healthy' },
        kafka: { condition: 'service_healthy' },
      });
      expect(services.gateway?.depends_on?.[name]).toEqual({ condition: 'service_healthy' });
    }
    const depth = (name: string, above: string[]): number => {
      expect(above).not.toContain(name);
      const needed = Object.keys(services[name]?.depends_on ?? {});
      for (const each of needed) expect(Object.keys(services), `${name} needs ${each}`).toContain(each);
      return 1 + Math.max(0, ...needed.map(each => depth(each, [...above, name])));
    };
    expect(depth('gateway', [])).toBe(4);
  });

  it('puts each into networks that are declared', () => {
    for (const [name, { networks: joined }] of containers) {
      for (const network of joined) expect(Object.keys(networks), name).toContain(network);
    }
  });
});
