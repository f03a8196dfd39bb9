import type { Principal, PrincipalToken } from '@rivergate/caller';
import { type Context, type Emit, matchesWeakly, PreconditionFailed } from '@rivergate/endpoint';
import type { Knex } from 'knex';
import type { SsoTools } from '../endpoint.ts';
import type { Document } from './protocol/value.ts';

/** Who provisions: the token of an organization. */
export type Provisioner = Principal & { kind: 'scim'; organizationId: number; token: PrincipalToken };

/** What a change has before its transaction opens. */
export interface Acting extends Pick<Context, 'briefly' | 'call' | 'request'>, Pick<SsoTools, 'mailer'> {
  caller: Provisioner;
  /** The address of SCIM at this platform. */
  base: string;
}

/** What it has in its transaction. */
export interface Working extends Acting {
  db: Knex.Transaction;
  emit: Emit;
}

/** What a client asks for, whether by a request of its own or as a part of a bulk. */
export interface Asked {
  /** Of the resource; empty where one is made. */
  id: string;
  body: Readonly<Record<string, unknown>>;
  ifMatch: string | undefined;
  attributes?: string | undefined;
  excludedAttributes?: string | undefined;
}

/** What is answered of the resource; the document is not put together where nobody is shown it. */
export interface Changed {
  status: 200 | 201 | 204;
  id: number;
  version?: string;
  location?: string;
  document?: Document;
}

/** A change of one resource, in two steps as an endpoint has them. */
export interface Change<Prepared = unknown> {
  /** By it the log of attempts names it. */
  operation: string;
  resource: 'user' | 'group';
  prepare(asked: Asked, acting: Acting): Promise<Prepared>;
  carryOut(asked: Asked, prepared: Prepared, working: Working): Promise<Changed>;
  /** Takes back what was prepared elsewhere. */
  undo?(prepared: Prepared, acting: Acting): Promise<void>;
}

/** What makes accounts may take its time: given up too early, nobody knows whether it was done. */
export const PATIENT = { deadline: 10_000 } as const;

/** Keeps the type of what is prepared together. */
export const change = <Prepared>(declared: Change<Prepared>): Change => declared as Change;

/** @throws PreconditionFailed for another version than the client has read (RFC 7644, section 3.14) */
export function requireVersion(ifMatch: string | undefined, version: string): void {
  if (ifMatch !== undefined && !matchesWeakly(ifMatch, version)) throw PreconditionFailed();
}
