import type { DevicePlan, ServicePlan } from './plan.ts';
import { fields, number, type RoleStatus, text } from './status.ts';
import { briefLatency, counted, hashrate } from './wording.ts';

/** A role's status in a line, for a person. */
export type Describe = (status: RoleStatus) => string;

export function describeService({ package: role }: ServicePlan, port: number): Describe {
  const at = `127.0.0.1:${port}`;
  switch (role) {
    case 'template-provider':
      return ({ details, latency }) =>
        `${at}, ${counted(number(details, 'clients'), 'client')}${briefLatency(latency['tip-to-clients'])}`;
    case 'pool':
      return ({ details, latency }) =>
        `${at}, ${counted(number(details, 'channels'), 'channel')}, ` +
        `${hashrate(number(details, 'hashrate'))}${briefLatency(latency['share-to-success'])}`;
    case 'translator-to-v1':
      return ({ details, latency }) =>
        `${at}, ${counted(number(details, 'channels'), 'channel')}, ` +
        `${hashrate(number(details, 'hashrate'))}${briefLatency(latency['share-to-upstream-answer'])}`;
    case 'jd-server':
      return ({ details, latency }) => {
        const clients = counted(sum(fields(details['connections'])), 'client');
        const declared = counted(number(fields(fields(details['declarations'])['outcomes']), 'declared'), 'job');
        return `${at}, ${clients}, ${declared} declared${briefLatency(latency['declare-to-job'])}`;
      };
    case 'jd-client':
      return ({ details, latency }) =>
        `${at}, ${workOf(details)}, ${hashrate(number(details, 'hashrate'))}` +
        briefLatency(latency['template-to-acknowledged']);
    case 'translator':
      return ({ details, latency }) =>
        `${at}, ${counted(number(details, 'authorised'), 'V1 miner')}, ` +
        `${hashrate(number(details, 'hashrate'))}${briefLatency(latency['job-to-last-miner'])}`;
    default:
      return () => at;
  }
}

export function describeDevice({ via, server }: DevicePlan): Describe {
  return ({ details, latency }) => {
    const accepted = counted(number(fields(details['shares']), 'accepted'), 'share');
    const rate = hashrate(number(details, 'hashrate'));
    return `${via} at ${server}, ${rate}, ${accepted}${briefLatency(latency['share-round-trip'])}`;
  };
}

/** Of counts by name. */
function sum(counts: Readonly<Record<string, unknown>>): number {
  return Object.keys(counts).reduce((total, name) => total + number(counts, name), 0);
}

/** What a job declarator client works on. */
function workOf(details: RoleStatus['details']): string {
  const work = fields(details['work']);
  return text(work, 'kind') === 'pooled' ? text(work, 'mode') : text(work, 'kind');
}
