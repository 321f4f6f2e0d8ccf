import type { Solution, WorkTemplate } from '@sv2kit/mining';

/** The template that a solution's job was made from; undefined when it is the finder's own work. */
export function templateOf({ job }: Solution): WorkTemplate | undefined {
  return job.origin.kind === 'template' ? job.origin.template : undefined;
}
