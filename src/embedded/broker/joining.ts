/**
 * What a member of a group asks for and is answered, and what members have in common. In: requests to
 * join. Out: the protocol, a way of sharing the work, that all of them understand.
 */
import type { Code } from './error-codes.ts';

export interface JoinRequest {
  /** Empty for a new member. */
  readonly memberId: string;
  readonly clientId: string;
  readonly sessionTimeoutMs: number;
  readonly rebalanceTimeoutMs: number;
  readonly protocolType: string;
  /** What the member can do, the most wanted first. */
  readonly protocols: readonly { readonly name: string; readonly metadata: Buffer }[];
  /** Whether a new member is to be given its id first and to ask again, so that none is made in vain. */
  readonly idFirst: boolean;
}

export interface JoinAnswer {
  readonly code: Code;
  readonly generation: number;
  readonly protocol: string;
  readonly leader: string;
  readonly memberId: string;
  /** For the leader alone. */
  readonly members: readonly { readonly memberId: string; readonly metadata: Buffer }[];
}

export interface SyncAnswer {
  readonly code: Code;
  readonly assignment: Buffer;
}

export function refused(code: Code, memberId: string): JoinAnswer {
  return { code, generation: -1, protocol: '', leader: '', memberId, members: [] };
}

/** Whoever has asked to join. */
interface Joined {
  readonly request: JoinRequest;
}

/** The protocols that all others can do too. */
export function common(others: readonly Joined[], protocols: JoinRequest['protocols']): string[] {
  return protocols
    .map(({ name }) => name)
    .filter((name) =>
      others.every(({ request }) => request.protocols.some((p) => p.name === name)),
    );
}

/** Of those that all can do, the one that most members want most. */
export function chosen(members: readonly Joined[]): string {
  const possible = common(members, members[0]!.request.protocols);
  const votes = members.map(
    ({ request }) => request.protocols.find(({ name }) => possible.includes(name))?.name,
  );
  const count = (name: string) => votes.filter((vote) => vote === name).length;
  return possible.reduce((best, name) => (count(name) > count(best) ? name : best), possible[0]!);
}

export function metadataFor({ protocols }: JoinRequest, protocol: string): Buffer {
  return protocols.find(({ name }) => name === protocol)?.metadata ?? Buffer.alloc(0);
}

export function sameProtocols(a: JoinRequest, b: JoinRequest): boolean {
  return (
    a.protocols.length === b.protocols.length &&
    a.protocols.every(
      ({ name, metadata }, i) =>
        b.protocols[i]!.name === name && b.protocols[i]!.metadata.equals(metadata),
    )
  );
}
