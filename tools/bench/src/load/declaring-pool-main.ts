// The measured pool of job declaration: a pool and its job declarator server in one process.
// node declaring-pool-main.ts --config POOL.toml, with JDS_CONFIG naming the server's.
import { readFileSync } from 'node:fs';
import { parseConfig, run } from '@sv2kit/daemon';
import { createJdServer, jdServerConfig } from '@sv2kit/jd-server';
import { createPool, poolConfig } from '@sv2kit/pool';
import { answerTheBench } from './inside.ts';
import { withoutVardiff } from './without-vardiff.ts';

const jdsFile = process.env['JDS_CONFIG'] ?? '';

await run({
  name: 'pool',
  config: poolConfig,
  async start(config, deps) {
    answerTheBench(deps.latencies, () => deps.finish());
    const jdsConfig = parseConfig(jdServerConfig, readFileSync(jdsFile, 'utf8'), { name: 'jd-server' });
    const server = await createJdServer(jdsConfig, deps);
    const jobDeclarator = { verifier: server.verifier, onDeclaredBlock: server.solve.bind(server) };
    const pool = await createPool(withoutVardiff(config), { ...deps, jobDeclarator });
    return {
      status: () => pool.status?.() ?? {},
      async close() {
        await pool.close();
        await server.close();
      },
    };
  },
});
