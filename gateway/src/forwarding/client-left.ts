/** The client closed the connection before it had its answer. Nobody is told, and no service is blamed. */
export class ClientLeft extends Error {
  override name = 'ClientLeft';
}
