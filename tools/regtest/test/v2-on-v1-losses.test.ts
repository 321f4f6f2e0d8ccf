// V1 pools that V2 devices mine for come and go.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { connectTo, refused, V1Ground } from './v1-ground.ts';

const SECOND = 1000;

let ground: V1Ground;
beforeAll(async () => {
  ground = await V1Ground.open();
});
afterAll(() => ground?.[Symbol.asyncDispose]());

describe('a V1 pool is lost', () => {
  test('for a moment: devices keep their channels, and go on', async () => {
    await using pool = await ground.listen();
    await using translator = await ground.start([pool]);
    await using miner = await connectTo(translator);
    const channel = await miner.open('extended');
    await ground.mineOn(channel, pool);
    pool.open = false;
    pool.drop();
    await translator.condition('pool', false);
    expect(await channel.mine({ wanted: 'share' })).toBe('accepted');
    pool.open = true;
    await ground.lab.clock.until(SECOND, translator.condition('pool', true));
    await ground.mineOn(channel, pool);
    expect(miner.messages.items.filter(({ type }) => type === 'CloseChannel')).toEqual([]);
    expect(refused(pool)).toEqual([]);
  });

  test('for a moment, and goes on with the session: shares of meanwhile are handed in late', async () => {
    await using pool = await ground.listen({ resumes: true });
    await using translator = await ground.start([pool]);
    await using miner = await connectTo(translator);
    const channel = await miner.open('extended');
    expect(await channel.mine({ wanted: 'share' })).toBe('accepted');
    await pool.shares.first('the first share', () => true);
    pool.open = false;
    pool.drop();
    await translator.condition('pool', false);
    expect(await channel.mine({ wanted: 'share' })).toBe('accepted');
    pool.open = true;
    await ground.lab.clock.until(
      SECOND,
      pool.shares.first('the share of meanwhile', () => true, { from: 1 }),
    );
    await ground.mineOn(channel, pool);
    expect(refused(pool)).toEqual([]);
  });

  test('for long: devices are told so, and served again when it is back', async () => {
    await using pool = await ground.listen();
    await using translator = await ground.start([pool]);
    await using miner = await connectTo(translator);
    await miner.open('extended');
    pool.open = false;
    pool.drop();
    expect(await ground.lab.clock.until(10 * SECOND, miner.next('CloseChannel'))).toMatchObject({
      reasonCode: 'no-work-available',
    });
    pool.open = true;
    await ground.lab.clock.until(SECOND, translator.condition('pool', true));
    await using again = await connectTo(translator);
    await ground.mineOn(await again.open('extended'), pool);
  });

  test('and another is there: devices mine for that one, and for the first again when it is back', async () => {
    await using first = await ground.listen();
    await using second = await ground.listen({ extranonce2Size: 6 });
    await using translator = await ground.start([first, second]);
    await using miner = await connectTo(translator);
    const channel = await miner.open('extended');
    await ground.mineOn(channel, first);
    first.open = false;
    first.drop();
    await ground.minesFor(channel, second);
    await ground.mineOn(channel, second);
    first.open = true;
    await ground.minesFor(channel, first);
    await ground.mineOn(channel, first);
    expect([...refused(first), ...refused(second)]).toEqual([]);
  });

  test('client.reconnect leads elsewhere on the same host; devices stay', async () => {
    await using pool = await ground.listen();
    await using elsewhere = await ground.listen();
    await using translator = await ground.start([pool]);
    await using miner = await connectTo(translator);
    const channel = await miner.open('extended');
    pool.reconnect('127.0.0.1', elsewhere.port);
    await ground.minesFor(channel, elsewhere);
    await ground.mineOn(channel, elsewhere);
  });
});
