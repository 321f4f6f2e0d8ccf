import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { FramePlayer, type RecordedFrame, type Recording } from './frame-relay.ts';
import { asJson, converseAt } from './ipc-conversation.ts';

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

test('the recordings have an answer of more than one segment for each generation that is spoken to', async () => {
  for (const file of files) {
    const recording: Recording = JSON.parse(await readFile(join(folder, file), 'utf8'));
    const segments = frames(recording).map(({ bytes }) => Buffer.from(bytes).readUInt32LE(0) + 1);
    if (!file.includes('30.0')) expect(Math.max(...segments)).toBeGreaterThan(1);
  }
});
