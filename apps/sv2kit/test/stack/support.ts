import type { RoleView, StackBlock, StackStatus } from '../../src/stack/events.ts';
import type { Terminal } from '../../src/terminal.ts';

/** A terminal that remembers. */
export class RecordingTerminal implements Terminal {
  written = '';
  complained = '';

  out(text: string): void {
    this.written += text;
  }

  error(text: string): void {
    this.complained += text;
  }

  input(): Uint8Array {
    return new Uint8Array();
  }

  now(): number {
    return 1_700_000_000_000;
  }

  get lines(): string[] {
    return this.written.split('\n').slice(0, -1);
  }
}

export function block(height: number, changes: Partial<StackBlock> = {}): StackBlock {
  return {
    height,
    hash: height.toString(16).padStart(64, '0'),
    path: 'pool-template',
    via: 'sv2-standard',
    device: 'device-1',
    ...changes,
  };
}

export function role(changes: Partial<RoleView> = {}): RoleView {
  return { name: 'pool', state: 'ok', detail: '127.0.0.1:3336, 2 channels', ...changes };
}

export function status(changes: Partial<StackStatus> = {}): StackStatus {
  return {
    chain: 'signet',
    elapsedSeconds: 12.4,
    height: 7,
    blocks: [block(7)],
    wanted: 5,
    awaited: [],
    shares: { accepted: 60, rejected: { 'stale-share': 2 } },
    declared: {},
    hashrate: 1_610_000,
    roles: [role()],
    latency: { 'pool.share-to-success': { p50: 3.14, p99: 12.7, unit: 'ms', samples: 60 } },
    ...changes,
  };
}
