import { amount, count, percent } from '../../data/format.ts';
import { Figure, Panel } from '../../parts/panel.tsx';
import { Ago } from '../../parts/text.tsx';
import type { FoundBlock } from './merge-blocks.ts';

/** What the blocks are together. */
export function Sums({ blocks, isAll }: { readonly blocks: readonly FoundBlock[]; readonly isAll: boolean }) {
  const stands = blocks.filter(({ status }) => status !== 'orphaned' && status !== 'rejected');
  const revenue = stands.reduce((sum, block) => sum + (block.revenue ?? 0), 0);
  const efforts = blocks.flatMap(({ effort }) => (effort === undefined ? [] : [effort]));
  const effort = efforts.reduce((sum, one) => sum + one, 0) / Math.max(1, efforts.length);
  const lost = blocks.length - stands.length;
  const latest = blocks.reduce((max, { foundAtMs }) => Math.max(max, foundAtMs), 0);
  return (
    <Panel title={isAll ? 'All blocks together' : 'The blocks below together'}>
      <dl class="figures">
        <Figure label="Found" note={lost === 0 ? 'none of them lost' : `${count(lost)} of them lost`}>
          {count(blocks.length)}
        </Figure>
        <Figure label="Latest">
          <Ago ms={latest} />
        </Figure>
        <Figure label="They pay" title="What the coinbases of all blocks pay that were not lost">
          {amount(revenue)}
        </Figure>
        {efforts.length > 0 && (
          <Figure
            label="Effort on average"
            note={effort <= 1 ? 'lucky so far' : 'unlucky so far'}
            title="Work that a block took; 100 % is what the difficulty lets expect"
          >
            {percent(effort, 1)}
          </Figure>
        )}
      </dl>
    </Panel>
  );
}
