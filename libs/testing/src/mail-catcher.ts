import type { AddressInfo } from 'node:net';
import PostalMime from 'postal-mime';
import { SMTPServer } from 'smtp-server';
import { eventually } from './eventually.ts';

export interface CaughtMail {
  to: string[];
  subject: string;
  text: string;
  html: string;
}

export interface MailCatcher {
  smtpUrl: string;
  /** All mails to the address, oldest first. */
  to(address: string): CaughtMail[];
  /** Waits for the nth mail to the address, counting from 1. */
  nth(address: string, count: number): Promise<CaughtMail>;
  stop(): Promise<void>;
}

/** A real SMTP server that keeps what it is given. */
export async function startMailCatcher(): Promise<MailCatcher> {
  const caught: CaughtMail[] = [];
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    onData(stream, session, done) {
      const chunks: Buffer[] = [];
      stream
        .on('data', chunk => chunks.push(chunk))
        .on('end', async () => {
          const { subject = '', text = '', html = '' } = await PostalMime.parse(Buffer.concat(chunks));
          caught.push({
            to: session.envelope.rcptTo.map(({ address }) => address.toLowerCase()),
            subject,
            text,
            html,
          });
          done();
        });
    },
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.server.address() as AddressInfo;
  const to = (address: string) => caught.filter(mail => mail.to.includes(address.toLowerCase()));
  return {
    smtpUrl: `smtp://127.0.0.1:${port}`,
    to,
    nth: (address, count) => eventually(() => to(address)[count - 1], `mail ${count} to ${address}`),
    stop: () => new Promise<void>(resolve => server.close(() => resolve())),
  };
}
