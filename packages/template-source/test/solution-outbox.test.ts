import { VirtualClock } from '@sv2kit/daemon';
import type { Solution, WorkTemplate } from '@sv2kit/mining';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { TEMPLATE_SOURCE_LIMITS } from '../src/index.ts';
import type { Provider } from '../src/provider.ts';
import { SolutionOutbox } from '../src/solution-outbox.ts';
import { newTemplate, NOW, solution } from './support.ts';

/** A connection to one of two template providers, as far as an outbox knows it. */
class Line {
  readonly endpoint: { readonly host: string; readonly port: number };
  readonly submitted: number[] = [];
  readonly probed: Solution[] = [];
  open = true;

  constructor(endpoint: { readonly host: string; readonly port: number }) {
    this.endpoint = endpoint;
  }
  submit({ headerNonce }: { readonly headerNonce: number }): void {
    this.submitted.push(headerNonce);
  }
  probe(_id: bigint, solved: Solution): void {
    this.probed.push(solved);
  }
}

const step = fc.oneof(
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('solve' as const), at: fc.nat({ max: 1 }) }) },
  fc.record({ kind: fc.constant('break' as const), at: fc.nat({ max: 1 }) }),
  fc.record({ kind: fc.constant('return' as const), at: fc.nat({ max: 1 }), knows: fc.boolean() }),
  fc.record({ kind: fc.constant('pass' as const), ms: fc.nat({ max: TEMPLATE_SOURCE_LIMITS.waitingSolutionMs }) }),
);

test('every solution goes to the provider of its template, waits for it, or is reported lost: never silently gone (§7.7)', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
      const clock = new VirtualClock(NOW);
      const lost: number[] = [];
      const outbox = new SolutionOutbox(clock, ({ nonce }) => void lost.push(nonce));
      const endpoints = [1, 2].map((port) => ({ host: 'tp.test', port }));
      const lines: Line[][] = endpoints.map((endpoint) => [new Line(endpoint)]);
      const templates = lines.map(([line]) => made(outbox, line));
      const found: number[][] = [[], []];
      let nonce = 0;
      const latest = (at: number): Line | undefined => lines[at]?.at(-1);
      for (const each of steps) {
        switch (each.kind) {
          case 'solve': {
            nonce += 1;
            found[each.at]?.push(nonce);
            const template = templates[each.at];
            if (template === undefined) break;
            const isThere = latest(each.at)?.open;
            // An outbox hands it over exactly when there is a connection to its provider, whichever made the template.
            expect(outbox.submit(solution(template, nonce))).toBe(isThere ? 'sent' : 'waits');
            break;
          }
          case 'break': {
            const line = latest(each.at);
            if (line?.open !== true) break;
            line.open = false;
            outbox.disconnected(line as unknown as Provider);
            break;
          }
          case 'return': {
            const endpoint = endpoints[each.at];
            if (latest(each.at)?.open === true || endpoint === undefined) break;
            const line = new Line(endpoint);
            lines[each.at]?.push(line);
            outbox.deliver(line as unknown as Provider);
            outbox.answered(line.probed, each.knows ? [] : undefined);
            break;
          }
          case 'pass':
            clock.advance(each.ms);
            outbox.tick();
            break;
          default:
            each satisfies never;
        }
      }
      clock.advance(TEMPLATE_SOURCE_LIMITS.waitingSolutionMs);
      outbox.tick();
      for (const [at, nonces] of found.entries()) {
        const handedOver = lines[at]?.flatMap(({ submitted }) => submitted) ?? [];
        for (const each of handedOver) expect(nonces).toContain(each);
        for (const each of nonces) expect(handedOver.includes(each) || lost.includes(each)).toBe(true);
      }
      expect(new Set(lost).size).toBe(lost.length);
    }),
  );
});

test('a solution of a template that no provider made is lost, and said to be', () => {
  const outbox = new SolutionOutbox(new VirtualClock(NOW), () => {});
  expect(outbox.submit(solution(made(outbox, undefined)))).toBe('lost');
});

/** A template that the provider made. */
function made(outbox: SolutionOutbox, line: Line | undefined): WorkTemplate {
  const { type: _type, futureTemplate: _future, ...template } = newTemplate(1, 100, false);
  if (line !== undefined) outbox.note(template, line as unknown as Provider);
  return template;
}
