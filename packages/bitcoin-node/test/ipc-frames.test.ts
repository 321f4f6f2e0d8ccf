import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock } from '@sv2kit/daemon';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Clock } from '../src/index.ts';
import { IpcError } from '../src/ipc/client/ipc-error.ts';
import { MiningClient } from '../src/ipc/client/mining-client.ts';
import { FramePlayer, type RecordedFrame, type Recording } from './frame-relay.ts';
import { asJson, converseAt, NodeStops, readEverything } from './ipc-conversation.ts';

const folder = join(import.meta.dirname, 'frames');
const files = (await readdir(folder)).sort();

const frames = (recording: Recording): RecordedFrame[] =>
  recording.frames.map(([from, base64]) => ({ from, bytes: Buffer.from(base64, 'base64') }));

test.each(files)('says to the byte what it said to a real node, and hears what it heard: %s', async (file) => {
  const recording: Recording = JSON.parse(await readFile(join(folder, file), 'utf8'));
  await using player = await FramePlayer.start(frames(recording));

  const heard = await converseAt(player.path);

  expect(player.strayed).toBeUndefined();
  expect(asJson(heard)).toEqual(recording.heard);
  expect(player.left).toBe(0);
});

test('mutated answers bring our errors or other values, and never a wait without end', async () => {
  const recordings = await Promise.all(
    files.map(async (file): Promise<Recording> => JSON.parse(await readFile(join(folder, file), 'utf8'))),
  );
  const mutation = fc.tuple(fc.nat(), fc.nat(), fc.integer({ min: 1, max: 255 }));
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...recordings),
      fc.array(mutation, { minLength: 1, maxLength: 4 }),
      async (of, at) => {
        const mutated = frames(of);
        const answers = mutated.filter(({ from }) => from === 'node');
        for (const [answer, position, change] of at) {
          const { bytes } = answers[answer % answers.length] as RecordedFrame;
          bytes[position % bytes.length] = (bytes[position % bytes.length] ?? 0) ^ change;
        }
        await using player = await FramePlayer.start(mutated, { lenient: true });
        const error = await reading(player.path);
        if (error !== undefined) expect([IpcError, NodeStops]).toContain(error.constructor);
      },
    ),
    { numRuns: 100 },
  );
});

/** Reads everything, and says what went wrong. A deadline is a fifth of a second here. */
async function reading(path: string): Promise<Error | undefined> {
  const clock: Clock = { ...systemClock, after: (ms, run) => systemClock.after(Math.min(ms, 200), run) };
  let client: MiningClient | undefined;
  try {
    client = await MiningClient.connect({ path, clock });
    await readEverything(client);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  } finally {
    await client?.close();
  }
}

test('the recordings have an answer of more than one segment for each generation that is spoken to', async () => {
  for (const file of files) {
    const recording: Recording = JSON.parse(await readFile(join(folder, file), 'utf8'));
    const segments = frames(recording).map(({ bytes }) => Buffer.from(bytes).readUInt32LE(0) + 1);
    if (!file.includes('30.0')) expect(Math.max(...segments)).toBeGreaterThan(1);
  }
});
