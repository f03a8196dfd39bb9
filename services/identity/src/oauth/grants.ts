import type { Failure } from '@rivergate/endpoint';
import { tokenHash } from '@rivergate/secrets';
import type { Knex } from 'knex';
import type { z } from 'zod';
import { DEVICE_CODE } from '../oauth-applications/application.ts';
import { clientCredentialsGrant } from './client-credentials-grant.ts';
import type { Client } from './client-store.ts';
import { deviceGrant } from './device/device-grant.ts';
import { exchangeCode } from './exchange-code.ts';
import { type Holder, holderOfCode } from './grant-store.ts';
import type { IssuedTokens, IssueTools } from './issue.ts';
import { refreshGrant } from './refresh-grant.ts';
import type { TokenRequest } from './token-request.ts';
import { holderOfRefreshToken } from './token-store.ts';

/** A way to tokens. */
export interface WayToTokens {
  /** For whom the code or token acts that the request spends. Without it the client acts for itself. */
  holder?(knex: Knex, body: TokenRequest): Promise<Holder | undefined>;
  /**
   * @param isMember whether the holder belongs to the organization of the application; null where none was found
   * @returns a failure where it has to commit
   */
  issue(
    tools: IssueTools,
    client: Client,
    body: TokenRequest,
    isMember: boolean | null,
  ): Promise<z.infer<typeof IssuedTokens> | Failure>;
}

/** By grant_type (RFC 6749, sections 4.1.3, 4.4.2 and 6; RFC 8628, section 3.4). */
export const GRANTS: ReadonlyMap<string, WayToTokens> = new Map<string, WayToTokens>([
  [
    'authorization_code',
    {
      holder: async (knex, { code }) =>
        code === undefined ? undefined : holderOfCode(knex, tokenHash(code)),
      issue: exchangeCode,
    },
  ],
  [
    'refresh_token',
    {
      holder: async (knex, { refresh_token }) =>
        refresh_token === undefined ? undefined : holderOfRefreshToken(knex, tokenHash(refresh_token)),
      issue: refreshGrant,
    },
  ],
  ['client_credentials', { issue: clientCredentialsGrant }],
  [
    DEVICE_CODE,
    {
      holder: async (knex, { device_code }) =>
        device_code === undefined ? undefined : holderOfCode(knex, tokenHash(device_code)),
      issue: deviceGrant,
    },
  ],
]);
