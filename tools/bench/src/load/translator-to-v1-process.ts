import { type Place, type PlacedProcess, startPlaced } from './placed-process.ts';

const MAIN = new URL('./translator-to-v1-main.ts', import.meta.url);

/** A translator for V2 devices as operators run it: its journal on disk, its devices over Noise; any hash is a share. */
export async function startTranslatorToV1(pool: { port: number }, profile?: string): Promise<PlacedProcess> {
  return await startPlaced({ main: MAIN, toml: (place) => toml(pool.port, place), profile });
}

function toml(pool: number, { port, monitoring, folder, authoritySecretFile }: Place): string {
  return `listen = "127.0.0.1:${port}"
monitoring = "${monitoring}"
data_dir = "${folder}/data"
[log]
level = "warn"
[identity]
authority_secret_file = "${authoritySecretFile}"
[[upstreams]]
url = "stratum+tcp://127.0.0.1:${pool}"
user = "bench.worker"
[mining]
shares_per_minute = 1000000
min_difficulty = 0.000000000001
refresh_interval = 3600
`;
}
