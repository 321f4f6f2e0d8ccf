import { beforeEach, expect, test } from 'vitest';
import { ConditionLog } from '../src/condition-log.ts';
import { Health, type Logger, VirtualClock } from '../src/index.ts';

let lines: string[] = [];
let health: Health;
let told: ConditionLog;
beforeEach(() => {
  lines = [];
  health = new Health(new VirtualClock(0));
  told = new ConditionLog(health, logger());
});

function logger(): Logger {
  const at =
    (level: string) =>
    (message: string, { condition, reason }: Readonly<Record<string, unknown>> = {}): void => {
      if (level !== 'debug')
        lines.push([level, message, condition, reason].filter((part) => part !== undefined).join(' '));
    };
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error'), child: logger };
}

test('a quite normal start has no warnings: what is not met yet is met a moment later', () => {
  const node = health.condition('node', 'no answer from the node yet');
  health.started();
  node.failing('no tip yet');
  node.ok();
  told.settle();
  expect(lines).toEqual(['info condition met node']);
});

test('what is still not met when the start is over is warned of once, whether it ever changed or not', () => {
  health.condition('node', 'no answer from the node yet');
  const templates = health.condition('templates', 'no template yet');
  health.started();
  templates.lacking('the node is away');
  told.settle();
  expect(lines).toEqual([
    'warn condition failing node no answer from the node yet',
    'warn condition failing templates the node is away',
  ]);
});

test('what was met and is no more is warned of at once, also during the start; so is everything after it', () => {
  const [node, late] = [health.condition('node'), health.condition('late')];
  health.started();
  node.ok();
  node.failing('it went away');
  told.settle();
  late.failing('refused');
  node.ok();
  expect(lines).toEqual([
    'info condition met node',
    'warn condition failing node it went away',
    'warn condition failing late not yet known',
    'warn condition failing late refused',
    'info condition met node',
  ]);
});

test('what ends because the service stops is no news', () => {
  const [node, upstream] = [health.condition('node'), health.condition('upstream')];
  health.started();
  upstream.ok();
  health.stopping();
  upstream.failing('closed');
  node.failing('closed');
  told.settle();
  expect(lines).toEqual(['info condition met upstream']);
});
