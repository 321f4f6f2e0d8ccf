import type { Solution, WorkTemplate } from '@sv2kit/mining';
import type { FoundBlock } from '@sv2kit/mining-server';

/** The template that a solution's job was made from; undefined when it came from elsewhere. */
export function templateOf(solution: Solution): WorkTemplate | undefined {
  return solution.job.template;
}

/** Whose work a block was, as records and the status name it. */
export function pathOf(_block: FoundBlock): string {
  return 'pool-template';
}
