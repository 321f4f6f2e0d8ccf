// A neighbour that keeps its connections and answers nothing: stopped, not gone.
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type BackEnd, Lab } from '../src/index.ts';
import { over } from './over.ts';
import { minerAt, mineOn, poolOn } from './pool-ground.ts';

const SECOND = 1000;

let lab: Lab;
const stopped = new Set<number>();
afterEach(async () => {
  for (const pid of stopped) process.kill(pid, 'SIGCONT');
  stopped.clear();
  await lab?.[Symbol.asyncDispose]();
});

function freeze(pid: number): void {
  process.kill(pid, 'SIGSTOP');
  stopped.add(pid);
}

function thaw(pid: number): void {
  process.kill(pid, 'SIGCONT');
  stopped.delete(pid);
}

over(['rpc'], (backEnd) => {
  beforeEach(async () => {
    lab = await Lab.open('regtest', { backEnd });
  });

  test('a template provider is connected and silent: miners are sent away with since when, and served again after', async () => {
    const provider = lab.templateProviderProcess();
    const pool = await poolOn(lab, lab.url({ port: await provider.port() }));
    const { miner, channel } = await minerAt(pool);
    await mineOn(lab, channel);
    freeze(provider.pid);
    const { fields } = await lab.clock.until(SECOND, pool.log.line('a template provider is connected, and silent'));
    expect(Date.parse(String(fields['since']))).toBeGreaterThan(0);
    const withdrawn = pool.log.line('no fresh template for too long: miners are sent away');
    expect((await lab.clock.until(10 * SECOND, withdrawn)).fields['since']).toMatch(/^\d{4}-.*Z$/);
    expect(await lab.clock.until(SECOND, miner.next('CloseChannel'))).toMatchObject({
      reasonCode: 'no-work-available',
    });
    thaw(provider.pid);
    await lab.clock.until(SECOND, pool.condition('templates', true));
    await mineOn(lab, (await minerAt(pool)).channel);
  });

  test('a template provider on a quiet chain is never taken for silent', async () => {
    const provider = await lab.templateProvider();
    const pool = await poolOn(lab, lab.url(provider));
    const { miner, channel } = await minerAt(pool);
    await mineOn(lab, channel);
    for (let minutes = 0; minutes < 60; minutes += 1) {
      await lab.clock.until(20 * SECOND, new Promise((resolve) => setTimeout(resolve, 150)));
    }
    expect(pool.log.items.filter(({ message }) => /silent|too long|lost/.test(message))).toEqual([]);
    expect(miner.messages.items.filter(({ type }) => type === 'CloseChannel')).toEqual([]);
    await mineOn(lab, channel);
  });
});

over(['rpc', 'ipc'], stuckNode);

/** @param backEnd how roles speak to it */
function stuckNode(backEnd: BackEnd): void {
  beforeEach(async () => {
    lab = await Lab.open('regtest', { backEnd });
  });

  test('a node is connected and silent: its template provider says so, and miners are sent away', async () => {
    const provider = await lab.templateProvider();
    const pool = await poolOn(lab, lab.url(provider));
    const { miner, channel } = await minerAt(pool);
    await mineOn(lab, channel);
    freeze(lab.node.pid);
    await lab.clock.until(5 * SECOND, provider.log.line('node is away'));
    await lab.clock.until(20 * SECOND, provider.log.line('no node is there: work is withdrawn'));
    expect(await lab.clock.until(20 * SECOND, miner.next('CloseChannel'))).toMatchObject({
      reasonCode: 'no-work-available',
    });
    thaw(lab.node.pid);
    await lab.clock.until(SECOND, pool.condition('templates', true));
    await mineOn(lab, (await minerAt(pool)).channel);
  });
}
