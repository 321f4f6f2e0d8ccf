import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePorts } from '@sv2kit/bitcoind';
import { createPool, poolConfig } from '@sv2kit/pool';
import { createTemplateProvider, templateProviderConfig } from '@sv2kit/template-provider';
import { expect, test } from 'vitest';
import { Node } from '../node.ts';
import { startRole } from '../roles-here.ts';
import { call } from '../scene.ts';
import { ADDRESS, workplace } from './scene.ts';

test('a template provider and a pool work together with a node as they were written', { timeout: 60_000 }, async () => {
  await using node = await Node.start();
  await node.mine(1);
  const folder = workplace();
  const ports = await freePorts(2);
  const init = async (role: string, port: number | undefined, ...more: readonly string[]): Promise<string> => {
    const file = join(folder, `${role}.toml`);
    const said = ['--listen', `127.0.0.1:${port}`, '--out', file, '--chain', 'regtest', ...node.options, ...more];
    expect(await call(['config', 'init', role, ...said])).toMatchObject({
      code: 0,
      out: expect.stringMatching(/, which answers\n(?![^]*Still to be done)/),
    });
    return readFileSync(file, 'utf8');
  };
  const providerToml = await init('template-provider', ports[0]);
  const poolToml = await init('pool', ports[1], '--address', ADDRESS.regtest);
  await using provider = await startRole(
    'template-provider',
    templateProviderConfig,
    own(providerToml),
    createTemplateProvider,
  );
  await using pool = await startRole('pool', poolConfig, own(poolToml), createPool);
  await expect.poll(() => provider.health.report().serving, { timeout: 30_000 }).toBe(true);
  await expect.poll(() => pool.health.report(), { timeout: 30_000 }).toMatchObject({ state: 'ok', serving: true });
});

/** A role by itself has no monitoring. */
function own(toml: string): string {
  return toml.replace(/^monitoring = .*$/m, '');
}
