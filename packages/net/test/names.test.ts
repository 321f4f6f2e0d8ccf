import dns from 'node:dns';
import { describe, expect, test, vi } from 'vitest';
import { stage, until } from './peers.ts';
import { wireStage } from './wires.ts';

/** Answers the look-ups of names in this order. */
function answerWith(...addresses: readonly string[]) {
  const left = [...addresses];
  const lookup = vi.spyOn(dns, 'lookup');
  lookup.mockImplementation(((_name: string, options: dns.LookupOptions, done: (...result: unknown[]) => void) => {
    const address = left.shift() ?? '';
    const family = address.includes(':') ? 6 : 4;
    if (options.all === true) process.nextTick(done, null, [{ address, family }]);
    else process.nextTick(done, null, address, family);
  }) as never);
  return { [Symbol.dispose]: () => lookup.mockRestore(), left };
}

describe('names', () => {
  test('are looked up anew for each connection: a server that has moved is found', async () => {
    await using v4 = await wireStage();
    await using v6 = await wireStage({ host: '::1', port: v4.listener.port });
    using names = answerWith('127.0.0.1', '::1');
    await v4.client({ host: 'pool.test' });
    await v4.client({ host: 'pool.test' });
    await until(() => v4.servers.length === 1 && v6.servers.length === 1);
    expect(names.left).toEqual([]);
  });
});

describe('IPv6', () => {
  test('a listener on :: takes both families, and calls an IPv4 peer by its IPv4 address', async () => {
    await using scene = await wireStage({ host: '::' });
    await scene.client({ host: '127.0.0.1' });
    await until(() => scene.servers.length === 1);
    await scene.client({ host: '::1' });
    await until(() => scene.servers.length === 2);
    expect(scene.servers.map(({ connection }) => connection.remote.address)).toEqual(['127.0.0.1', '::1']);
  });

  test('Stratum V2 sessions too, sealed', async () => {
    await using scene = await stage({ host: '::1', secure: true });
    await scene.client({ host: '::1' });
    expect(scene.servers[0]?.connection.remote.address).toBe('::1');
    expect(scene.servers[0]?.connection.setup.endpointHost).toBe('::1');
  });
});
