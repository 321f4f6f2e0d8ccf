import type { ConnectionView } from '@sv2kit/monitor';
import { plain } from '../../data/format.ts';

const PROTOCOLS: Readonly<Record<ConnectionView['protocol'], string>> = {
  mining: 'Mining',
  'job-declaration': 'Job declaration',
  'template-distribution': 'Template distribution',
  v1: 'Stratum V1',
};

/** What is spoken, in words. */
export function protocolWords(protocol: ConnectionView['protocol']): string {
  return PROTOCOLS[protocol] ?? protocol;
}

const SERVERS: Readonly<Record<ConnectionView['protocol'], string>> = {
  mining: 'pool',
  'job-declaration': 'job declarator server',
  'template-distribution': 'template provider',
  v1: 'V1 pool',
};

/** Who is at the other end. */
export function otherEnd({ device, remote, protocol, direction }: ConnectionView): string {
  if (device !== undefined && device.trim() !== '') return plain(device);
  if (direction === 'out') return SERVERS[protocol];
  return remote ?? 'unnamed client';
}

/** A connection in a few words. */
export function connectionTitle(connection: ConnectionView): string {
  const { direction, protocol, peer } = connection;
  return `${protocolWords(protocol)} ${direction === 'in' ? 'with' : 'to'} ${otherEnd(connection)} (${peer})`;
}
