import PostalMime from 'postal-mime';

export type Message = {
  id: number;
  to: string;
  from: string;
  subject: string;
  text: string;
  html: string;
  /** ISO 8601 */
  sent_at: string;
};

/** What SMTP says of a mail beside its content. */
export type Envelope = { from: string; to: string[] };

/** Reads a raw mail. Its recipients are the envelope's: those the mail was really for. */
export async function parseMessage(raw: Buffer, envelope: Envelope, id: number): Promise<Message> {
  const mail = await PostalMime.parse(raw);
  return {
    id,
    to: envelope.to.join(', '),
    from: mail.from?.address ?? envelope.from,
    subject: mail.subject ?? '',
    text: mail.text ?? '',
    html: mail.html ?? '',
    sent_at: timeOf(mail.date).toISOString(),
  };
}

/** The mail's own date where it is one, else now. */
function timeOf(date: string | undefined): Date {
  const time = new Date(date ?? '');
  return Number.isNaN(time.getTime()) ? new Date() : time;
}

export function isFor(message: Message, address: string): boolean {
  const wanted = address.trim().toLowerCase();
  return message.to.split(', ').some(to => to.toLowerCase() === wanted);
}
