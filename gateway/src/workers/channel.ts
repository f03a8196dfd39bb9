/** What is at the other end of an IPC channel: the primary for a worker, a worker for the primary. */
export type Peer = {
  readonly connected?: boolean;
  send?: ((message: object, done: (error: Error | null) => void) => boolean) | undefined;
  on(event: 'message', listener: (message: unknown) => void): unknown;
};

export type Answers = Record<string, () => unknown>;

export type Channel = {
  /** Rejects when the other end fails to answer, is gone, or takes longer than `patience` milliseconds. */
  ask(question: string, patience: number): Promise<unknown>;
};

type Message =
  | { id: number; question: string }
  | { id: number; answer: unknown }
  | { id: number; failed: true };

/** Questions and their answers over the channel between the primary and a worker, in both directions. */
export function channel(peer: Peer, answers: Answers): Channel {
  const waiting = new Map<number, PromiseWithResolvers<unknown>>();
  let last = 0;

  // A peer that is gone needs no answer.
  const say = (message: Message) => peer.connected && peer.send?.(message, () => {});

  peer.on('message', async received => {
    const message = received as Message;
    if ('question' in message) {
      const answering = answers[message.question];
      if (!answering) return;
      try {
        say({ id: message.id, answer: await answering() });
      } catch {
        say({ id: message.id, failed: true });
      }
    } else if ('answer' in message) waiting.get(message.id)?.resolve(message.answer);
    else if ('failed' in message) waiting.get(message.id)?.reject(new Error('The other process failed'));
  });

  return {
    async ask(question, patience) {
      if (!peer.connected) throw new Error('The other process is gone');
      const id = ++last;
      const asked = Promise.withResolvers<unknown>();
      const late = setTimeout(() => asked.reject(new Error('The other process is late')), patience);
      waiting.set(id, asked);
      say({ id, question });
      return asked.promise.finally(() => {
        clearTimeout(late);
        waiting.delete(id);
      });
    },
  };
}
