// A process that does what every process of the fleet does and nothing else: it takes the place of one in tests of the launcher.
import { createServer } from 'node:http';

const server = createServer((request, response) => {
  response.writeHead(request.url === '/ready' ? 200 : 404);
  response.end();
});
server.listen(Number(process.env.PORT), process.env.HOST);
process.once('SIGTERM', () => {
  server.close();
  server.closeAllConnections();
});
