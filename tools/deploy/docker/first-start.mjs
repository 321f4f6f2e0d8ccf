// Before the first start of a composition: makes the keys, tokens and passwords that are not there yet, and writes the
// configurations with them. node first-start.mjs TEMPLATES OUT [NODE_CONFIGURATIONS]
// In the templates @AUTHORITY@ is the authority's public key and @RPC_PASSWORD@ the nodes' password.
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const [templates, out, nodes] = process.argv.slice(2);
if (templates === undefined || out === undefined) throw new Error('node first-start.mjs TEMPLATES OUT [NODES]');

const main = fileURLToPath(new URL('../../../apps/sv2kit/src/main.ts', import.meta.url));
const sv2kit = (...args) => execFileSync(process.execPath, [main, ...args], { encoding: 'utf8' });
const secret = (name, text) => {
  const file = join(out, name);
  if (!existsSync(file)) writeFileSync(file, `${text}\n`, { mode: 0o600, flag: 'wx' });
  return readFileSync(file, 'utf8').trim();
};

const key = join(out, 'authority.key');
if (!existsSync(key)) sv2kit('keys', 'new', key);
const [authority] = /\b9[1-9A-HJ-NP-Za-km-z]{50,52}\b/.exec(sv2kit('keys', 'show', key)) ?? [];
if (authority === undefined) throw new Error(`${key} shows no public key`);
const token = secret('monitoring.token', randomBytes(32).toString('hex'));
const { NODE_PASSWORD: given = '' } = process.env;
if (given !== '') writeFileSync(join(out, 'rpc-password'), `${given}\n`, { mode: 0o600 });
const rpcPassword = secret('rpc-password', randomBytes(24).toString('hex'));
const database = secret('postgres-password', randomBytes(24).toString('hex'));
secret('postgres-url', `postgres://sv2kit:${database}@postgres:5432/sv2kit`);

const filled = (text) => text.replaceAll('@AUTHORITY@', authority).replaceAll('@RPC_PASSWORD@', rpcPassword);
for (const name of readdirSync(templates)) {
  const text = filled(readFileSync(join(templates, name), 'utf8'));
  if (name.endsWith('.toml')) writeFileSync(join(out, name), text, { mode: 0o600 });
  // The nodes run as another user, in a volume that nobody else has.
  else if (name.endsWith('.conf') && nodes !== undefined) {
    mkdirSync(nodes, { recursive: true });
    writeFileSync(join(nodes, name), text);
    chmodSync(join(nodes, name), 0o644);
    chmodSync(nodes, 0o755);
  }
}
console.log(`authority of this pool: ${authority}\ntoken of the dashboard:  ${token}`);
