import type { Metrics } from '@sv2kit/daemon';
import type { BlockDeskMetrics } from './block-desk.ts';
import type { TemplateLineMetrics } from './template-line-options.ts';

/** Declares what templates and blocks are counted with. @param prefix of every name, such as `sv2_pool` */
export function templateSourceMetrics(metrics: Metrics, prefix: string): TemplateLineMetrics & BlockDeskMetrics {
  const counter = (rest: string, help: string, labels: readonly string[]) =>
    metrics.counter(`${prefix}_${rest}`, help, labels);
  return {
    templateProviders: {
      events: counter('template_provider_events_total', 'Connections to template providers.', ['event']),
    },
    templates: counter('template_messages_total', 'What template providers sent.', ['event']),
    blocksFound: counter('blocks_found_total', 'Blocks found by miners.', ['via', 'path']),
    blockStatus: counter('block_status_total', 'What became of blocks.', ['status', 'by']),
  };
}
