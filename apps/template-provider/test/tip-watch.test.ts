import { LatencyRecorder, VirtualClock } from '@sv2kit/daemon';
import { Events } from '@sv2kit/monitor';
import { expect, test } from 'vitest';
import { TipWatch } from '../src/tip-watch.ts';
import { template, tip } from './fake-node.ts';

test('a tip is told once, and the time until its template is measured', () => {
  const clock = new VirtualClock(1_000_000);
  const events = new Events({ now: () => clock.now() });
  const templateLatency = new LatencyRecorder();
  const watch = new TipWatch({ events, templateLatency });
  watch.onTemplate(template(101, clock));
  expect(templateLatency.summary().samples).toBe(0);
  watch.onTip(tip(101, clock));
  clock.advance(40);
  watch.onTemplate(template(102, clock));
  watch.onTemplate(template(102, clock));
  expect(events.since(0)).toMatchObject([
    { type: 'tip', height: 100 },
    { type: 'tip', height: 101 },
  ]);
  expect(templateLatency.summary()).toMatchObject({ samples: 1, p99: expect.closeTo(40, 0) });
});
