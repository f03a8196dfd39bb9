import { hasBody, MalformedRequest } from '@rivergate/endpoint';
import type { Exchange } from '../exchange.ts';

/** Step: only an endpoint that declares WebSockets gets one, and a handshake has no body (RFC 6455, section 4.1). */
export function upgradeDeclared({ upgrade, request, route }: Exchange): void {
  if (upgrade === null) return;
  if (hasBody(request)) throw MalformedRequest('The handshake of a WebSocket has no body');
  if (route?.upgrade !== 'websocket') throw MalformedRequest('This address takes no WebSocket');
}
