import { listenHttp } from './http.ts';
import { listenSmtp } from './smtp.ts';
import { openStore } from './store.ts';

const { MAILBOX_DIRECTORY = 'mailbox', PORT = '0', SMTP_PORT = '0' } = process.env;

const store = openStore(MAILBOX_DIRECTORY);
const smtp = await listenSmtp(store, Number(SMTP_PORT));
const http = await listenHttp(store, Number(PORT));

process.once('SIGTERM', async () => {
  await Promise.all([smtp.close(), http.close()]);
  process.exit(0);
});
