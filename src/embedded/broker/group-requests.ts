/** Requests of consumer groups in: join, share the work, stay, leave; and what tools ask about them. */
import { NODE_ID, NO_THROTTLE } from './api.ts';
import type { Api, BrokerState, Call } from './api.ts';
import { CODE } from './error-codes.ts';
import type { Code } from './error-codes.ts';
import { Group } from './group.ts';
import { refused } from './joining.ts';

const TRANSACTION_KEY = 1;

function findCoordinator({ version, request, response, state }: Call): void {
  request.string();
  const isTransaction = version >= 1 && request.int8() === TRANSACTION_KEY;
  if (version >= 1) response.int32(NO_THROTTLE);
  response.int16(isTransaction ? CODE.transactionsNotAllowed : CODE.none);
  if (version >= 1) {
    response.string(isTransaction ? 'this development broker offers no transactions' : null);
  }
  response.int32(NODE_ID).string(state.host).int32(state.port);
}

async function joinGroup({ version, clientId, request, response, state }: Call): Promise<void> {
  const groupId = request.string();
  const sessionTimeoutMs = request.int32();
  const rebalanceTimeoutMs = version >= 1 ? request.int32() : sessionTimeoutMs;
  const memberId = request.string();
  // The name of a static member: such a one is a member like any other here.
  if (version >= 5) request.nullableString();
  const wanted = {
    memberId,
    clientId,
    sessionTimeoutMs,
    rebalanceTimeoutMs,
    protocolType: request.string(),
    // Copies, because they outlive the request.
    protocols: request.array(() => ({
      name: request.string(),
      metadata: Buffer.from(request.bytes()),
    })),
    idFirst: version >= 4,
  };
  const answer =
    groupId === ''
      ? refused(CODE.invalidGroupId, memberId)
      : await groupOf(state, groupId).join(wanted);
  if (version >= 2) response.int32(NO_THROTTLE);
  response.int16(answer.code).int32(answer.generation);
  response.string(answer.protocol).string(answer.leader).string(answer.memberId);
  response.array(answer.members, (member) => {
    response.string(member.memberId);
    if (version >= 5) response.string(null);
    response.bytes(member.metadata);
  });
}

async function syncGroup({ version, request, response, state }: Call): Promise<void> {
  const groupId = request.string();
  const generation = request.int32();
  const memberId = request.string();
  if (version >= 3) request.nullableString();
  const assignments = request.array(
    () => [request.string(), Buffer.from(request.bytes())] as const,
  );
  const answer = await state.groups.get(groupId)?.sync(memberId, generation, new Map(assignments));
  if (version >= 1) response.int32(NO_THROTTLE);
  response.int16(answer?.code ?? CODE.unknownMemberId).bytes(answer?.assignment ?? Buffer.alloc(0));
}

function heartbeat({ version, request, response, state }: Call): void {
  const group = state.groups.get(request.string());
  const generation = request.int32();
  const memberId = request.string();
  if (version >= 1) response.int32(NO_THROTTLE);
  response.int16(group?.heartbeat(memberId, generation) ?? CODE.unknownMemberId);
}

function leaveGroup({ version, request, response, state }: Call): void {
  const group = state.groups.get(request.string());
  const leave = (memberId: string): Code => group?.leave(memberId) ?? CODE.unknownMemberId;
  if (version >= 1) response.int32(NO_THROTTLE);
  if (version < 3) {
    response.int16(leave(request.string()));
    return;
  }
  const members = request.array(() => ({ id: request.string(), name: request.nullableString() }));
  response.int16(CODE.none).array(members, ({ id, name }) => {
    response.string(id).string(name).int16(leave(id));
  });
}

function describeGroups({ version, request, response, state }: Call): void {
  const names = request.array(() => request.string());
  if (version >= 1) response.int32(NO_THROTTLE);
  response.array(names, (name) => {
    const group = state.groups.get(name)?.describe() ?? {
      state: state.offsets.groups().includes(name) ? 'Empty' : 'Dead',
      protocolType: '',
      protocol: '',
      members: [],
    };
    response.int16(CODE.none).string(name).string(group.state);
    response.string(group.protocolType).string(group.protocol);
    response.array(group.members, ({ memberId, clientId, metadata, assignment }) => {
      response.string(memberId).string(clientId).string(`/${state.host}`);
      response.bytes(metadata).bytes(assignment);
    });
  });
}

function listGroups({ version, response, state }: Call): void {
  const names = new Set([...state.groups.keys(), ...state.offsets.groups()]);
  if (version >= 1) response.int32(NO_THROTTLE);
  response.int16(CODE.none).array(names, (name) => {
    response.string(name).string(state.groups.get(name)?.describe().protocolType ?? 'consumer');
  });
}

function deleteGroups({ request, response, state }: Call): void {
  const names = request.array(() => request.string());
  response.int32(NO_THROTTLE).array(names, (name) => {
    response.string(name).int16(deleteGroup(name, state));
  });
}

function deleteGroup(name: string, { groups, offsets }: BrokerState): Code {
  const group = groups.get(name);
  if (group?.isEmpty === false) return CODE.nonEmptyGroup;
  if (group === undefined && !offsets.groups().includes(name)) return CODE.groupIdNotFound;
  groups.delete(name);
  offsets.forget({ group: name });
  return CODE.none;
}

function groupOf({ groups }: BrokerState, name: string): Group {
  let group = groups.get(name);
  if (group === undefined) groups.set(name, (group = new Group()));
  return group;
}

export const GROUP_APIS: readonly Api[] = [
  { key: 10, min: 0, max: 2, handle: findCoordinator },
  { key: 11, min: 0, max: 5, handle: joinGroup },
  { key: 12, min: 0, max: 3, handle: heartbeat },
  { key: 13, min: 0, max: 3, handle: leaveGroup },
  { key: 14, min: 0, max: 3, handle: syncGroup },
  { key: 15, min: 0, max: 2, handle: describeGroups },
  { key: 16, min: 0, max: 2, handle: listGroups },
  { key: 42, min: 0, max: 1, handle: deleteGroups },
];
