import { expect, test } from 'vitest';
import { CODE } from '../../../src/embedded/broker/error-codes.ts';
import { Group } from '../../../src/embedded/broker/group.ts';
import type { JoinRequest } from '../../../src/embedded/broker/joining.ts';
import { eventually } from '../../support/eventually.ts';

const joining = (request: Partial<JoinRequest> = {}): JoinRequest => ({
  memberId: '',
  clientId: 'test',
  sessionTimeoutMs: 60_000,
  rebalanceTimeoutMs: 60_000,
  protocolType: 'consumer',
  protocols: [{ name: 'range', metadata: Buffer.from('m') }],
  idFirst: false,
  ...request,
});

/** A member of a group in which it is alone, its work assigned. */
async function alone(group: Group, request: Partial<JoinRequest> = {}) {
  const { memberId, generation } = await group.join(joining(request));
  await group.sync(memberId, generation, new Map([[memberId, Buffer.from('all')]]));
  return { memberId, generation };
}

test('two members share a generation, the leader decides, and both get their parts', async () => {
  const group = new Group();
  const first = await alone(group);
  const second = group.join(joining());
  expect(group.heartbeat(first.memberId, first.generation)).toBe(CODE.rebalanceInProgress);
  const leader = await group.join(joining({ memberId: first.memberId }));
  const follower = await second;
  expect(leader.generation).toBe(first.generation + 1);
  expect(follower.generation).toBe(leader.generation);
  expect(leader.members.map(({ memberId }) => memberId).sort()).toEqual(
    [first.memberId, follower.memberId].sort(),
  );
  expect(follower.members).toEqual([]);
  const waits = group.sync(follower.memberId, follower.generation, new Map());
  const assignments = new Map([
    [leader.memberId, Buffer.from('one')],
    [follower.memberId, Buffer.from('two')],
  ]);
  const own = await group.sync(leader.memberId, leader.generation, assignments);
  expect([own, await waits].map(({ assignment }) => String(assignment))).toEqual(['one', 'two']);
  expect(group.describe()).toMatchObject({ state: 'Stable', protocol: 'range' });
  group.leave(leader.memberId);
  group.leave(follower.memberId);
  expect(group.isEmpty).toBe(true);
});

test('a member of an older generation, and one that is gone, can commit nothing', async () => {
  const group = new Group();
  const zombie = await alone(group);
  const other = group.join(joining());
  expect(group.mayCommit(zombie.memberId, zombie.generation)).toBe(CODE.none);
  await group.join(joining({ memberId: zombie.memberId }));
  const { memberId } = await other;
  expect(group.mayCommit(zombie.memberId, zombie.generation)).toBe(CODE.illegalGeneration);
  group.leave(zombie.memberId);
  expect(group.mayCommit(zombie.memberId, zombie.generation)).toBe(CODE.unknownMemberId);
  expect(group.heartbeat('nobody', 1)).toBe(CODE.unknownMemberId);
  expect(group.mayCommit('', -1)).toBe(CODE.unknownMemberId);
  group.leave(memberId);
  expect(group.mayCommit('', -1)).toBe(CODE.none);
});

test('a member that falls silent loses its place, and those that wait for it go on', async () => {
  const group = new Group();
  await alone(group, { sessionTimeoutMs: 500 });
  const second = await group.join(joining());
  expect(second.members.map(({ memberId }) => memberId)).toEqual([second.memberId]);
  // A follower of it waits for what a leader that is dead would have to say.
  const third = group.join(joining({ sessionTimeoutMs: 500 }));
  await group.join(joining({ memberId: second.memberId, sessionTimeoutMs: 500 }));
  const { memberId, generation } = await third;
  const answer = await group.sync(memberId, generation, new Map());
  expect(answer.code).toBe(CODE.rebalanceInProgress);
  group.leave(memberId);
  await eventually('the group is empty', () => group.isEmpty, 2_000);
});

test('an id is given out first where that is asked for, and nobody waits for one that is not used', async () => {
  const group = new Group();
  const { code, memberId } = await group.join(joining({ idFirst: true, sessionTimeoutMs: 500 }));
  expect(code).toBe(CODE.memberIdRequired);
  const joined = await group.join(joining({ idFirst: true }));
  const other = await group.join(joining({ memberId: joined.memberId, idFirst: true }));
  expect(other.code).toBe(CODE.none);
  expect((await group.join(joining({ memberId }))).code).toBe(CODE.unknownMemberId);
  group.leave(other.memberId);
});

test('members that cannot understand each other are not joined', async () => {
  const group = new Group();
  const { memberId } = await alone(group);
  const other = [{ name: 'other', metadata: Buffer.alloc(0) }];
  const refused = CODE.inconsistentGroupProtocol;
  expect((await group.join(joining({ protocols: other }))).code).toBe(refused);
  expect((await group.join(joining({ protocolType: 'connect' }))).code).toBe(refused);
  expect((await group.join(joining({ sessionTimeoutMs: 1 }))).code).toBe(
    CODE.invalidSessionTimeout,
  );
  group.leave(memberId);
});
