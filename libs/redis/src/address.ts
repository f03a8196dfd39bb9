/** A server of Redis, a Sentinel or a node of a cluster. */
export type HostAndPort = { host: string; port: number };

/** Where Redis is, as REDIS_URL says it. */
export type RedisAddress =
  | { form: 'single'; url: string; tls: boolean }
  | {
      form: 'sentinel';
      sentinels: HostAndPort[];
      /** As the Sentinels know it. */
      master: string;
      database: number;
      login: Login;
      /** For the Sentinels themselves. */
      sentinelLogin: Login;
      tls: boolean;
    }
  | { form: 'cluster'; nodes: HostAndPort[]; login: Login; tls: boolean };

type Login = { username?: string; password?: string };

export const REDIS_URL_FORMS =
  'redis://user:password@host:6379/0, redis+sentinel://user:password@host1:26379,host2:26379/master/0 or ' +
  'redis+cluster://user:password@host1:6379,host2:6379, with rediss for TLS';

const SEVERAL = /^(rediss?)\+(sentinel|cluster):\/\/(?:([^@/]*)@)?([^/?#]+)(?:\/([^?#]*))?(?:\?([^#]*))?$/;

/**
 * Reads an address in the syntax that Python's `limits`, Flask-Limiter and Harbor use for the same: `redis+sentinel:`
 * with the name of the master as path and the database below it, `redis+cluster:` with nodes to begin with. A Sentinel
 * that asks for a password of its own gets `?sentinel_username=…&sentinel_password=…`. Users and passwords are
 * percent-encoded. Anything else is of one server: `redis:`, `rediss:`, or the path of a Unix socket.
 *
 * @throws an Error that says what is wrong, without the address
 */
export function parseRedisUrl(given: string): RedisAddress {
  if (/^rediss?:\/\/[^/]/.test(given) ? URL.canParse(given) : given.startsWith('/')) {
    if (/[?&]tls=/.test(given)) throw new Error('says by rediss whether TLS is spoken, and by nothing else');
    return { form: 'single', url: given, tls: given.startsWith('rediss:') };
  }
  const [, scheme, form, userinfo, hosts, path = '', query] = SEVERAL.exec(given) ?? [];
  if (!hosts) throw new Error(`must be like ${REDIS_URL_FORMS}`);
  const tls = scheme === 'rediss';
  const login = loginOf(userinfo?.split(':')[0], userinfo?.split(':').slice(1).join(':'));
  if (form === 'cluster') {
    if (path !== '' && path !== '0') throw new Error('a cluster has no database but 0');
    return { form, nodes: hostsOf(hosts, 6379), login, tls };
  }
  const { master, database } = /^(?<master>[^/]+)(?:\/(?<database>\d{1,4}))?$/.exec(path)?.groups ?? {};
  if (!master) throw new Error('names no master behind the Sentinels, as in redis+sentinel://host/master');
  const parameters = new URLSearchParams(query);
  return {
    form: 'sentinel',
    sentinels: hostsOf(hosts, 26_379),
    master: decodeURIComponent(master),
    database: Number(database ?? 0),
    login,
    sentinelLogin: {
      ...named('username', parameters.get('sentinel_username')),
      ...named('password', parameters.get('sentinel_password')),
    },
    tls,
  };
}

function hostsOf(list: string, usualPort: number): HostAndPort[] {
  return list.split(',').map(item => {
    const url = URL.parse(`redis://${item}`);
    if (!url?.hostname || url.pathname !== '') throw new Error('one of its hosts is none');
    return { host: url.hostname.replace(/^\[|\]$/g, ''), port: Number(url.port || usualPort) };
  });
}

function loginOf(username: string | undefined, password: string | undefined): Login {
  return {
    ...named('username', username && decodeURIComponent(username)),
    ...named('password', password && decodeURIComponent(password)),
  };
}

const named = (name: keyof Login, value: string | null | undefined): Login =>
  value ? { [name]: value } : {};
