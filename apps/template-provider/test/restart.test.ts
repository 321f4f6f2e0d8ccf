import { displayHash } from '@sv2kit/bitcoin';
import { expect, test } from 'vitest';
import { Regtest } from './regtest.ts';

test('a node that is killed and comes back is waited for; clients stay, and mine on', async () => {
  await using chain = await Regtest.start();
  await using running = await chain.provide();
  await running.condition(/^node /, true);
  await using client = await running.connect();
  const work = await client.ask();
  await chain.kill();
  expect(await running.condition(/^node /, false)).not.toBe('');
  expect(running.health.report().state).toBe('degraded');
  expect(client.templates.current).toMatchObject({ template: { templateId: work.template.templateId } });

  await chain.restart();
  await running.condition(/^node /, true);
  const hash = displayHash(client.submitBlock());
  await client.next('activated', ({ tip }) => displayHash(tip.prevHash) === hash);
  expect(await chain.call('getbestblockhash')).toBe(hash);
}, 120_000);

test('a block solved while the node is away reaches it when it is back (§7.7)', async () => {
  await using chain = await Regtest.start();
  await using running = await chain.provide();
  await using client = await running.connect();
  await client.ask();
  await chain.kill();
  await running.condition(/^node /, false);
  const hash = displayHash(client.submitBlock());
  await chain.restart();
  await client.next('activated', ({ tip }) => displayHash(tip.prevHash) === hash);
  expect(await chain.call('getbestblockhash')).toBe(hash);
}, 120_000);
