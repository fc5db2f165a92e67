/** In: the frame of a request. Out: the frame of its answer, if it is to have one. */
import { NO_THROTTLE } from './api.ts';
import type { Api, BrokerState, Call } from './api.ts';
import { CODE } from './error-codes.ts';
import { FETCH_APIS } from './fetch-requests.ts';
import { FrameReader, ProtocolError } from './frame-reader.ts';
import { FrameWriter } from './frame-writer.ts';
import { GROUP_APIS } from './group-requests.ts';
import { OFFSET_APIS } from './offset-requests.ts';
import { PRODUCE_APIS } from './produce-requests.ts';
import { TOPIC_APIS } from './topic-requests.ts';

const API_VERSIONS = 18;

const APIS: readonly Api[] = [
  ...PRODUCE_APIS,
  ...FETCH_APIS,
  ...TOPIC_APIS,
  ...OFFSET_APIS,
  ...GROUP_APIS,
  { key: API_VERSIONS, min: 0, max: 2, handle: apiVersions },
];
const BY_KEY = new Map(APIS.map((api) => [api.key, api]));

function apiVersions({ version, response }: Call): void {
  const api = BY_KEY.get(API_VERSIONS)!;
  const isKnown = version >= api.min && version <= api.max;
  response.int16(isKnown ? CODE.none : CODE.unsupportedVersion);
  response.array(APIS, ({ key, min, max, advertisedMin = min }) => {
    response.int16(key).int16(advertisedMin).int16(max);
  });
  if (isKnown && version >= 1) response.int32(NO_THROTTLE);
}

/** @throws ProtocolError when it is no request that this broker understands */
export async function dispatch(
  frame: Buffer,
  state: BrokerState,
): Promise<readonly Buffer[] | undefined> {
  const request = new FrameReader(frame);
  const key = request.int16();
  const version = request.int16();
  const correlation = request.int32();
  const clientId = request.nullableString() ?? '';
  const api = BY_KEY.get(key);
  // A client that is too new asks which versions there are in a version that does not exist here.
  const isKnown = api !== undefined && version >= api.min && version <= api.max;
  if (!isKnown && key !== API_VERSIONS) {
    throw new ProtocolError(`no request ${key} in version ${version} is known`);
  }
  const response = new FrameWriter().int32(correlation);
  const result = await api!.handle({ version, clientId, request, response, state });
  return result === 'silent' ? undefined : response.frame();
}
