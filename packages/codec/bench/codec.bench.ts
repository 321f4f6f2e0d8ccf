import {
  decodePayload,
  encodeFrame,
  HEADER_SIZE,
  type MessageDefinition,
  protocols,
  sampleMessage,
} from '../src/index.ts';

const definitions = new Set(
  protocols.flatMap((p) => [...p.fromClient.definitions, ...p.fromServer.definitions] as MessageDefinition[]),
);

/** The same values in every run: a linear congruential generator. */
function seeded(): () => number {
  let state = 42;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/** What to measure: name -> one iteration. Run by `npm run bench -- codec`. */
export const suite: Record<string, () => void> = {};
for (const definition of definitions) {
  const message = sampleMessage(definition, seeded());
  const payload = encodeFrame(definition, message).subarray(HEADER_SIZE);
  const name = `${definition.specName} (${payload.length} B)`;
  suite[`encode ${name}`] = () => void encodeFrame(definition, message);
  suite[`decode ${name}`] = () => void decodePayload(definition, payload);
}
