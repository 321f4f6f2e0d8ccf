import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import type { Mismatch } from '@sv2kit/daemon';
import type { V1Endpoint } from '@sv2kit/upstream';

/** A host name, or with a dot in front all names below it. */
const HOST_NAME = /^\.?[a-z0-9_-]+(?:\.[a-z0-9_-]+)*$/i;

interface Upstream {
  readonly url: Pick<V1Endpoint, 'tls'>;
  readonly user: string;
  readonly caFile: string | undefined;
}

/** What would come to light only when the pool is spoken to. */
export function checkUpstreams(upstreams: readonly Upstream[]): Mismatch[] {
  return upstreams.flatMap(({ url, user, caFile }, index) => {
    const mismatches: Mismatch[] = [];
    if (user.trim() === '') {
      mismatches.push({ key: `upstreams[${index}].user`, wrong: 'is empty', example: 'user = "account.worker"' });
    }
    const wrong = url.tls !== false && caFile !== undefined ? certificateProblem(caFile) : undefined;
    if (wrong !== undefined) mismatches.push({ key: `upstreams[${index}].ca_file`, wrong });
    return mismatches;
  });
}

/** Hosts that client.reconnect may name. */
export function checkReconnectHosts(hosts: readonly string[]): Mismatch[] {
  const stray = hosts.find((host) => !HOST_NAME.test(host) && isIP(host) === 0);
  if (stray === undefined) return [];
  const example = 'reconnect_hosts = ["pool2.example", ".pool.example"]';
  return [{ key: 'pool.reconnect_hosts', wrong: `"${stray}" is neither a host name nor an address`, example }];
}

function certificateProblem(file: string): string | undefined {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    return `cannot be read: ${messageOf(error)}`;
  }
  try {
    void new X509Certificate(text);
    return undefined;
  } catch (error) {
    return `has no certificate: ${messageOf(error)}`;
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
