import { collectDefaultMetrics, Gauge, type Registry } from 'prom-client';
import type { Health } from './health.ts';

/** Adds to a registry what alerts are made of: whether the service does its work, and each condition of it. */
export function registerHealth(health: Pick<Health, 'report'>, registry: Registry): void {
  const registers = [registry];
  new Gauge({
    name: 'sv2_serving',
    help: 'Whether the service does its work: 1, or 0.',
    registers,
    collect() {
      this.set(health.report().serving ? 1 : 0);
    },
  });
  new Gauge({
    name: 'sv2_condition_met',
    help: 'Whether what the service needs, or would like, is so: 1, or 0.',
    labelNames: ['condition'],
    registers,
    collect() {
      this.reset();
      for (const { name, ok } of health.report().conditions) this.set({ condition: name }, ok ? 1 : 0);
    },
  });
}

/** Adds what runs: the value is always 1. */
export function registerInfo(role: string, version: string, registry: Registry): void {
  const labels = { role, version, node: process.versions.node };
  const labelNames = Object.keys(labels);
  new Gauge({ name: 'sv2_info', help: 'What runs here.', labelNames, registers: [registry] }).set(labels, 1);
}

/** Adds what Node knows of the process; without the levels that are named as counts are, whose parts are there. */
export function registerProcess(registry: Registry): void {
  collectDefaultMetrics({ register: registry });
  for (const { name } of registry.getMetricsAsArray()) {
    if (/^nodejs_active_.*_total$/.test(name)) registry.removeSingleMetric(name);
  }
}
