/**
 * One consumer group: who its members are, and which of them has which part of the work in which
 * generation. In: requests of members and the passing of time. Out: answers, some of them later, when
 * the others have come. https://kafka.apache.org/protocol#The_Messages_JoinGroup
 *
 * Empty → (someone joins) joining → (all have joined, or time is up) syncing → (the leader has said who
 * does what) stable → (someone joins, leaves or falls silent) joining …
 */
import { randomUUID } from 'node:crypto';
import { CODE } from './error-codes.ts';
import type { Code } from './error-codes.ts';
import { chosen, common, metadataFor, refused, sameProtocols } from './joining.ts';
import type { JoinAnswer, JoinRequest, SyncAnswer } from './joining.ts';

interface Member {
  readonly id: string;
  request: JoinRequest;
  assignment: Buffer;
  /** The answers that it waits for. */
  join: ((answer: JoinAnswer) => void) | undefined;
  sync: ((answer: SyncAnswer) => void) | undefined;
  session: NodeJS.Timeout | undefined;
}

const NOTHING = Buffer.alloc(0);
const MIN_SESSION_MS = 500;
const MAX_SESSION_MS = 1_800_000;

export class Group {
  #state: 'empty' | 'joining' | 'syncing' | 'stable' = 'empty';
  #generation = 0;
  #protocolType = '';
  #protocol = '';
  #leader = '';
  readonly #members = new Map<string, Member>();
  /** Ids that were given out and have not come back. */
  readonly #expected = new Map<string, NodeJS.Timeout>();
  #joinTimer: NodeJS.Timeout | undefined;

  get isEmpty(): boolean {
    return this.#state === 'empty';
  }

  async join(request: JoinRequest): Promise<JoinAnswer> {
    const { memberId, sessionTimeoutMs, protocolType, protocols } = request;
    if (sessionTimeoutMs < MIN_SESSION_MS || sessionTimeoutMs > MAX_SESSION_MS) {
      return refused(CODE.invalidSessionTimeout, memberId);
    }
    const others = [...this.#members.values()].filter(({ id }) => id !== memberId);
    const fits =
      others.length === 0
        ? protocols.length > 0
        : protocolType === this.#protocolType && common(others, protocols).length > 0;
    if (!fits) return refused(CODE.inconsistentGroupProtocol, memberId);
    if (memberId === '') {
      const id = `${request.clientId}-${randomUUID()}`;
      if (!request.idFirst) return this.#admit(id, request);
      this.#expect(id, sessionTimeoutMs);
      return refused(CODE.memberIdRequired, id);
    }
    const member = this.#members.get(memberId);
    if (member !== undefined) return this.#rejoin(member, request);
    if (!this.#expected.has(memberId)) return refused(CODE.unknownMemberId, memberId);
    clearTimeout(this.#expected.get(memberId));
    this.#expected.delete(memberId);
    return this.#admit(memberId, request);
  }

  async sync(
    memberId: string,
    generation: number,
    assignments: ReadonlyMap<string, Buffer>,
  ): Promise<SyncAnswer> {
    const code = this.#check(memberId, generation);
    if (code !== CODE.none) return { code, assignment: NOTHING };
    const member = this.#members.get(memberId)!;
    if (this.#state === 'stable') return { code: CODE.none, assignment: member.assignment };
    if (this.#state !== 'syncing') return { code: CODE.rebalanceInProgress, assignment: NOTHING };
    const answer = new Promise<SyncAnswer>((resolve) => {
      member.sync?.({ code: CODE.rebalanceInProgress, assignment: NOTHING });
      member.sync = resolve;
    });
    this.#watch(member);
    if (memberId === this.#leader) {
      this.#state = 'stable';
      for (const each of this.#members.values()) {
        each.assignment = assignments.get(each.id) ?? NOTHING;
        each.sync?.({ code: CODE.none, assignment: each.assignment });
        each.sync = undefined;
        this.#watch(each);
      }
    }
    return answer;
  }

  heartbeat(memberId: string, generation: number): Code {
    const code = this.#check(memberId, generation);
    if (code !== CODE.none) return code;
    this.#watch(this.#members.get(memberId)!);
    return this.#state === 'joining' ? CODE.rebalanceInProgress : CODE.none;
  }

  leave(memberId: string): Code {
    clearTimeout(this.#expected.get(memberId));
    if (this.#expected.delete(memberId)) {
      this.#completeWhenAllJoined();
      return CODE.none;
    }
    if (!this.#members.has(memberId)) return CODE.unknownMemberId;
    this.#remove(memberId);
    return CODE.none;
  }

  /** Whether a commit of offsets is by a member that may still speak for its partitions. */
  mayCommit(memberId: string, generation: number): Code {
    if (generation < 0 && this.isEmpty) return CODE.none;
    const code = this.#check(memberId, generation);
    if (code !== CODE.none) return code;
    if (this.#state === 'syncing') return CODE.rebalanceInProgress;
    this.#watch(this.#members.get(memberId)!);
    return CODE.none;
  }

  /** With the names of Kafka's tools. */
  describe() {
    const states = {
      empty: 'Empty',
      joining: 'PreparingRebalance',
      syncing: 'CompletingRebalance',
      stable: 'Stable',
    };
    return {
      state: states[this.#state],
      protocolType: this.#protocolType,
      protocol: this.#state === 'stable' ? this.#protocol : '',
      members: [...this.#members.values()].map(({ id, request, assignment }) => ({
        memberId: id,
        clientId: request.clientId,
        metadata: metadataFor(request, this.#protocol),
        assignment,
      })),
    };
  }

  #check(memberId: string, generation: number): Code {
    if (!this.#members.has(memberId)) return CODE.unknownMemberId;
    return generation === this.#generation ? CODE.none : CODE.illegalGeneration;
  }

  #expect(id: string, withinMs: number): void {
    const forget = () => {
      this.#expected.delete(id);
      this.#completeWhenAllJoined();
    };
    this.#expected.set(id, setTimeout(forget, withinMs));
  }

  #admit(id: string, request: JoinRequest): Promise<JoinAnswer> {
    const member: Member = {
      id,
      request,
      assignment: NOTHING,
      join: undefined,
      sync: undefined,
      session: undefined,
    };
    this.#members.set(id, member);
    this.#protocolType = request.protocolType;
    return this.#awaitJoin(member);
  }

  #rejoin(member: Member, request: JoinRequest): Promise<JoinAnswer> {
    const changed = !sameProtocols(member.request, request);
    member.request = request;
    const isLeader = member.id === this.#leader;
    // An answer that was lost is given again; the leader joins again because the work has changed.
    if (!changed && (this.#state === 'syncing' || (this.#state === 'stable' && !isLeader))) {
      this.#watch(member);
      return Promise.resolve(this.#joined(member));
    }
    return this.#awaitJoin(member);
  }

  #awaitJoin(member: Member): Promise<JoinAnswer> {
    clearTimeout(member.session);
    const answer = new Promise<JoinAnswer>((resolve) => {
      // The same member on a newer connection: nobody listens on the older one.
      member.join?.(refused(CODE.unknownMemberId, member.id));
      member.join = resolve;
    });
    if (this.#state !== 'joining') this.#beginJoining();
    this.#completeWhenAllJoined();
    return answer;
  }

  #beginJoining(): void {
    this.#state = 'joining';
    const members = [...this.#members.values()];
    for (const member of members) {
      const { sync } = member;
      if (sync === undefined) continue;
      member.sync = undefined;
      this.#watch(member);
      sync({ code: CODE.rebalanceInProgress, assignment: NOTHING });
    }
    const patience = Math.max(...members.map(({ request }) => request.rebalanceTimeoutMs));
    this.#joinTimer = setTimeout(() => this.#completeJoining(), patience);
  }

  #completeWhenAllJoined(): void {
    if (this.#state !== 'joining' || this.#expected.size > 0) return;
    if ([...this.#members.values()].every(({ join }) => join !== undefined))
      this.#completeJoining();
  }

  #completeJoining(): void {
    clearTimeout(this.#joinTimer);
    for (const { id, join } of this.#members.values()) {
      if (join === undefined) this.#forget(id);
    }
    this.#generation++;
    const members = [...this.#members.values()];
    if (members.length === 0) {
      this.#state = 'empty';
      return;
    }
    this.#state = 'syncing';
    if (!this.#members.has(this.#leader)) this.#leader = members[0]!.id;
    this.#protocol = chosen(members);
    for (const member of members) {
      member.join?.(this.#joined(member));
      member.join = undefined;
      this.#watch(member);
    }
  }

  #joined({ id }: Member): JoinAnswer {
    const members = [...this.#members.values()].map((member) => ({
      memberId: member.id,
      metadata: metadataFor(member.request, this.#protocol),
    }));
    return {
      code: CODE.none,
      generation: this.#generation,
      protocol: this.#protocol,
      leader: this.#leader,
      memberId: id,
      members: id === this.#leader ? members : [],
    };
  }

  /** Its session begins anew; while it waits for an answer of ours, silence is not held against it. */
  #watch(member: Member): void {
    clearTimeout(member.session);
    if (member.join !== undefined || member.sync !== undefined) return;
    const { id, request } = member;
    member.session = setTimeout(() => this.#remove(id), request.sessionTimeoutMs);
  }

  #remove(id: string): void {
    this.#forget(id);
    if (this.#state === 'joining') this.#completeWhenAllJoined();
    else if (this.#members.size > 0) this.#beginJoining();
    else {
      this.#state = 'empty';
      this.#generation++;
    }
  }

  #forget(id: string): void {
    const member = this.#members.get(id);
    this.#members.delete(id);
    clearTimeout(member?.session);
    member?.join?.(refused(CODE.unknownMemberId, id));
    member?.sync?.({ code: CODE.unknownMemberId, assignment: NOTHING });
  }
}
