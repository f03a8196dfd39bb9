import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Envelope, isFor, type Message, parseMessage } from './message.ts';

export const KEPT_MESSAGES = 500;

export type Store = {
  /** Resolves when the mail is on disk. */
  add(raw: Buffer, envelope: Envelope): Promise<Message>;
  /** Newest first. */
  list(to?: string): Message[];
  get(id: number): Message | undefined;
  /** Changes whenever the list does. */
  version(): string;
};

/** Mails as files, one each; the oldest go when there are more than `limit`. */
export function openStore(directory: string, limit = KEPT_MESSAGES): Store {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const messages = readdirSync(directory)
    .flatMap(name => read(join(directory, name)))
    .sort((one, other) => other.id - one.id);
  const started = Date.now();
  let lastId = messages[0]?.id ?? 0;
  const fileOf = (id: number) => join(directory, `${String(id).padStart(8, '0')}.json`);

  return {
    async add(raw, envelope) {
      lastId += 1;
      const message = await parseMessage(raw, envelope, lastId);
      const file = fileOf(message.id);
      await writeFile(`${file}.new`, JSON.stringify(message, null, 2), { mode: 0o600 });
      await rename(`${file}.new`, file);
      // Two mails at once may be written in either order.
      const at = messages.findIndex(({ id }) => id < message.id);
      messages.splice(at < 0 ? messages.length : at, 0, message);
      for (const old of messages.splice(limit)) await rm(fileOf(old.id), { force: true });
      return message;
    },
    list: to => (to === undefined ? [...messages] : messages.filter(message => isFor(message, to))),
    get: id => messages.find(message => message.id === id),
    version: () => `${started}-${lastId}`,
  };
}

/** A file that is no message (half written in a power cut) is passed over. */
function read(file: string): Message[] {
  if (!file.endsWith('.json')) return [];
  try {
    return [JSON.parse(readFileSync(file, 'utf8')) as Message];
  } catch {
    return [];
  }
}
