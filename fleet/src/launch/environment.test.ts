import { describe, expect, it } from 'vitest';
import type { Secrets } from '../data-directory/secrets.ts';
import { environmentOf, type Site } from './environment.ts';
import type { Member } from './roster.ts';

const secrets: Secrets = {
  encryption_key: 'c2VjcmV0',
  passwords: { rivergate_events: 'e', rivergate_data_source: 'd' },
};
const internalKeys = {
  INTERNAL_KEY: { gateway: 'key-of-gateway', 'data-source': 'key-of-data-source' },
  INTERNAL_JWKS: 'jwks',
};
const site = (operator: NodeJS.ProcessEnv): Site => ({
  operator,
  secrets,
  internalKeys,
  publicUrl: 'http://localhost:8080',
  adminUrl: 'postgres://admin:secret@127.0.0.1:5432/postgres',
  redisUrl: 'redis://127.0.0.1:6379/0',
  smtpUrl: 'smtp://127.0.0.1:1025',
  mailboxUrl: 'http://127.0.0.1:8025',
  ports: { gateway: 8080, 'data-source': 8084 },
});
const gateway: Member = { name: 'gateway', kind: 'gateway', main: '', port: 8080 };
const dataSource: Member = { name: 'data-source', kind: 'service', main: '', port: 8084 };

describe('the environment of a process', () => {
  it('gives each service its own database role and its own internal key', () => {
    const env = environmentOf(dataSource, site({}));
    expect(env.DATABASE_URL).toBe('postgres://rivergate_data_source:d@127.0.0.1:5432/rivergate');
    expect(env.EVENT_LOG_URL).toBe('postgres://rivergate_events:e@127.0.0.1:5432/rivergate');
    expect(env).toMatchObject({ INTERNAL_KEY: 'key-of-data-source', INTERNAL_JWKS: 'jwks' });
    expect(env.DATA_SOURCE_URL).toBe('http://127.0.0.1:8084');
  });

  it('gives the gateway the mailbox and no database', () => {
    expect(environmentOf(gateway, site({}))).toMatchObject({
      MAILBOX_URL: 'http://127.0.0.1:8025',
      DATABASE_URL: undefined,
    });
    expect(environmentOf(dataSource, site({})).MAILBOX_URL).toBeUndefined();
  });

  it("passes on what the operator set, but neither the administrator's URL nor a port meant for another program", () => {
    const operator = {
      RATE_LIMIT_LOGIN: '50/60',
      TRUST_PROXY: 'loopback',
      GATEWAY_WORKERS: 'auto',
      LOG_LEVEL: 'debug',
      ENCRYPTION_KEY: 'bWluZQ==',
      DATABASE_ADMIN_URL: 'postgres://root:root@db/postgres',
      PORT: '3000',
      npm_config_token: 'x',
    };
    const env = environmentOf(dataSource, site(operator));
    expect(env).toMatchObject({
      RATE_LIMIT_LOGIN: '50/60',
      TRUST_PROXY: 'loopback',
      GATEWAY_WORKERS: 'auto',
      LOG_LEVEL: 'debug',
      ENCRYPTION_KEY: 'bWluZQ==',
      PORT: '8084',
    });
    expect(env.DATABASE_ADMIN_URL).toBeUndefined();
    expect(env.npm_config_token).toBeUndefined();
  });

  it('keeps services on this machine wherever the gateway listens', () => {
    expect(environmentOf(gateway, site({ HOST: '0.0.0.0' })).HOST).toBe('0.0.0.0');
    expect(environmentOf(dataSource, site({ HOST: '0.0.0.0' })).HOST).toBe('127.0.0.1');
    expect(environmentOf(gateway, site({ HOST: 'my-laptop' })).HOST).toBe('127.0.0.1');
  });

  it('leaves the embedded log out where there is Kafka', () => {
    expect(environmentOf(dataSource, site({ KAFKA_BROKERS: 'kafka:9092' })).EVENT_LOG_URL).toBeUndefined();
  });
});
