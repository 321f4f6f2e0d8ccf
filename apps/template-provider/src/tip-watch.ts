import { displayHash } from '@sv2kit/bitcoin';
import type { NodeTemplate, NodeTip } from '@sv2kit/bitcoin-node';
import type { LatencyRecorder } from '@sv2kit/daemon';
import type { Events } from '@sv2kit/monitor';

interface TipWatchDeps {
  readonly events: Pick<Events, 'emit'>;
  /** From what the node said of a new tip to its template, in ms. */
  readonly templateLatency: LatencyRecorder;
}

/** Tells each new tip once, whether the node says it or a template shows it, and how long its template takes. */
export class TipWatch {
  readonly #deps: TipWatchDeps;
  #hash = '';
  /** When the node said it, while its template is still to come. */
  #awaitedSinceMs: number | undefined;

  constructor(deps: TipWatchDeps) {
    this.#deps = deps;
  }

  onTip({ hash, height, receivedAtMs }: NodeTip): void {
    if (this.#tell(displayHash(hash), height)) this.#awaitedSinceMs = receivedAtMs;
  }

  onTemplate({ prevHash, height, receivedAtMs }: NodeTemplate): void {
    if (this.#tell(displayHash(prevHash), height - 1) || this.#awaitedSinceMs === undefined) return;
    this.#deps.templateLatency.record(receivedAtMs - this.#awaitedSinceMs);
    this.#awaitedSinceMs = undefined;
  }

  /** Whether it is new. */
  #tell(hash: string, height: number): boolean {
    if (hash === this.#hash) return false;
    this.#hash = hash;
    this.#awaitedSinceMs = undefined;
    this.#deps.events.emit({ type: 'tip', hash, height });
    return true;
  }
}
