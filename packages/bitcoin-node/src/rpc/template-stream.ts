import { BackOff } from '../back-off.ts';
import type { BestBlock } from '../best-block.ts';
import { type Clock, pause } from '../host.ts';
import { LIMITS } from '../limits.ts';
import type { WholeTemplate } from '../node.ts';
import type { Hold, NodeStatus } from '../node-status.ts';
import { RpcError } from './rpc-error.ts';
import type { ParsedTemplate } from './template-parser.ts';
import type { TemplateSource } from './template-source.ts';
import type { TipWatcher } from './tip-watcher.ts';

export interface TemplateStreamParts {
  readonly source: TemplateSource;
  readonly tips: TipWatcher;
  readonly status: NodeStatus;
  readonly clock: Clock;
  readonly random: () => number;
  readonly best: BestBlock;
  /** How often to look for better fees on the same tip, in ms. */
  readonly refreshIntervalMs: number;
}

/** Templates for ever: through restarts, downloads and nonsense of the node, until the signal aborts. */
export async function* templateStream(
  parts: TemplateStreamParts,
  signal: AbortSignal,
): AsyncGenerator<WholeTemplate, void, void> {
  const backOff = new BackOff(parts.random);
  let last: WholeTemplate | undefined;
  let hold: Hold | undefined;
  // Why there was no template is no news once nobody waits for one.
  using _end = { [Symbol.dispose]: () => parts.status.release(hold) };
  while (!signal.aborted) {
    // Ends the long poll and whatever else is on its way when this run ends, however it ends.
    const run = new AbortController();
    try {
      await parts.tips.ready();
      for await (const { template } of freshTemplates(parts, AbortSignal.any([signal, run.signal]))) {
        backOff.reset();
        parts.status.gotTemplate(template.height, template.receivedAtMs);
        if (last !== undefined && isSame(last, template)) continue;
        last = { ...template, bestBlockChanged: parts.best.isChangedBy(template.prevHash) };
        yield last;
      }
    } catch (error) {
      if (signal.aborted) return;
      hold = await noteFailure(parts, error, signal);
      await pause(parts.clock, backOff.next(), signal);
    } finally {
      run.abort();
    }
  }
}

type Event = { readonly kind: 'answer'; readonly answer: ParsedTemplate | RpcError } | { readonly kind: 'due' };

/** What the node gives while it works: long polls unless it announces its blocks, and a call of its own when one is due. */
async function* freshTemplates(
  { source, tips, clock, refreshIntervalMs }: TemplateStreamParts,
  signal: AbortSignal,
): AsyncGenerator<ParsedTemplate, void, void> {
  let current = await source.now(signal);
  yield current;
  let longPoll: LongPoll | undefined;
  while (!signal.aborted) {
    const { prevHash } = current.template;
    // Its tip is history and it has not answered: the connection may be dead. The node has let go of it anyway.
    if (longPoll !== undefined && !isEqual(longPoll.prevHash, prevHash)) longPoll = longPoll.drop();
    if (!tips.announces) longPoll ??= startLongPoll(source, current, signal);
    using due = new Deadline(clock, refreshIntervalMs, signal);
    longPoll?.onAnswer((answer) => due.bringAbout({ kind: 'answer', answer }));
    using _tip = tips.onTip((tip) => {
      if (!isEqual(tip.hash, prevHash)) due.bringForward(longPoll === undefined ? 0 : LIMITS.longPollGraceMs);
    });
    const event = await due.passed;
    if (signal.aborted) return;
    if (event.kind === 'due') {
      current = await source.now(signal);
    } else {
      longPoll = undefined;
      if (event.answer instanceof RpcError) throw event.answer;
      current = event.answer;
    }
    yield current;
  }
}

/** A question that the node answers when there is another template. Whoever waits last is told. */
class LongPoll {
  readonly prevHash: Uint8Array;
  readonly #own = new AbortController();
  #answer: ParsedTemplate | RpcError | undefined;
  #tell: ((answer: ParsedTemplate | RpcError) => void) | undefined;

  constructor(
    source: TemplateSource,
    longPollId: string,
    { prevHash }: ParsedTemplate['template'],
    signal: AbortSignal,
  ) {
    this.prevHash = prevHash;
    const either = AbortSignal.any([signal, this.#own.signal]);
    const came = (answer: unknown): void => {
      this.#answer = answerOf(answer);
      this.#tell?.(this.#answer);
    };
    source.after(longPollId, either).then(came, came);
  }

  /** Calls `tell`, and nobody else any more, with the answer: one that waits for hours keeps nobody's time that is up. */
  onAnswer(tell: (answer: ParsedTemplate | RpcError) => void): void {
    this.#tell = tell;
    if (this.#answer !== undefined) tell(this.#answer);
  }

  drop(): undefined {
    this.#own.abort();
  }
}

function startLongPoll(
  source: TemplateSource,
  { longPollId, template }: ParsedTemplate,
  signal: AbortSignal,
): LongPoll | undefined {
  return longPollId === undefined ? undefined : new LongPoll(source, longPollId, template, signal);
}

/** What is not an RpcError is a bug. */
function answerOf(answer: unknown): ParsedTemplate | RpcError {
  if (answer instanceof RpcError || isParsed(answer)) return answer;
  const text = `the long poll failed: ${answer instanceof Error ? answer.message : String(answer)}`;
  return new RpcError('unreachable', text, {}, { cause: answer });
}

function isParsed(answer: unknown): answer is ParsedTemplate {
  return typeof answer === 'object' && answer !== null && 'template' in answer;
}

/** A moment that can only come nearer. */
class Deadline implements Disposable {
  readonly passed: Promise<Event>;
  readonly #clock: Clock;
  readonly #signal: AbortSignal;
  readonly #resolve: (event: Event) => void;
  readonly #isDue = (): void => this.#resolve({ kind: 'due' });
  #timer: Disposable;
  #atMs: number;

  /** @param signal brings it about */
  constructor(clock: Clock, inMs: number, signal: AbortSignal) {
    const { promise, resolve } = Promise.withResolvers<Event>();
    this.passed = promise;
    this.#resolve = resolve;
    this.#clock = clock;
    this.#signal = signal;
    this.#atMs = clock.now() + inMs;
    this.#timer = clock.after(inMs, this.#isDue);
    signal.addEventListener('abort', this.#isDue, { once: true });
  }

  bringForward(inMs: number): void {
    const atMs = this.#clock.now() + inMs;
    if (atMs >= this.#atMs) return;
    this.#atMs = atMs;
    this.#timer[Symbol.dispose]();
    this.#timer = this.#clock.after(inMs, this.#isDue);
  }

  bringAbout(event: Event): void {
    this.#resolve(event);
  }

  [Symbol.dispose](): void {
    this.#timer[Symbol.dispose]();
    this.#signal.removeEventListener('abort', this.#isDue);
  }
}

/** The reason stays until there is a template: a node whose heartbeat is fine may still have none to give. */
async function noteFailure(parts: TemplateStreamParts, error: unknown, signal: AbortSignal): Promise<Hold | undefined> {
  let failure = error;
  let hold: Hold | undefined;
  try {
    hold = await parts.source.explain(error, signal);
  } catch (cause) {
    failure = cause;
  }
  if (signal.aborted) return undefined;
  const isExplained = hold !== undefined;
  hold ??= { kind: 'away', reason: failure instanceof Error ? failure.message : String(failure) };
  parts.status.hold(hold);
  const isAnswer = failure instanceof RpcError && (failure.code === 'rpc' || failure.code === 'malformed');
  if (!isExplained && !isAnswer) parts.tips.failed(failure);
  return hold;
}

/** Whether a miner would mine the same. */
function isSame(a: Omit<WholeTemplate, 'bestBlockChanged'>, b: Omit<WholeTemplate, 'bestBlockChanged'>): boolean {
  return (
    a.coinbaseValue === b.coinbaseValue &&
    a.nbits === b.nbits &&
    a.version === b.version &&
    a.transactions.length === b.transactions.length &&
    isEqual(a.prevHash, b.prevHash) &&
    a.transactions.every((transaction, index) => isEqual(transaction.wtxid, b.transactions[index]?.wtxid))
  );
}

function isEqual(a: Uint8Array, b: Uint8Array | undefined): boolean {
  return a === b || (b !== undefined && Buffer.compare(a, b) === 0);
}
