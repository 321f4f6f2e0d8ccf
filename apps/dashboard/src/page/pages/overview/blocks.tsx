import { hrefOf } from '../../app/route.ts';
import { count, digits, duration, percent } from '../../data/format.ts';
import { useResource } from '../../data/resource.ts';
import type { KnownRole } from '../../data/roles.ts';
import { valueOf } from '../../data/snapshot.ts';
import { blockTimeMs, networkDifficulty } from '../../data/status.ts';
import type { BlockView, Listing, SharesView } from '../../data/views.ts';
import { StateBadge } from '../../parts/badge.tsx';
import { Known } from '../../parts/known.tsx';
import { Empty, Figure, Panel } from '../../parts/panel.tsx';
import { Ago, Name } from '../../parts/text.tsx';
import { useStatus } from './workers.tsx';

const SHOWN = 5;

/** The latest blocks, and how far it is to the next. */
export function Blocks({ role }: { readonly role: KnownRole }) {
  const blocks = useResource<Listing<BlockView>>(role, `blocks?limit=${SHOWN}`, { everyMs: 15_000 });
  const shares = valueOf(useResource<SharesView>(role, 'shares'));
  const difficulty = networkDifficulty(valueOf(useStatus(role)));
  const takes = blockTimeMs(shares?.hashrate.tenMinutes ?? 0, difficulty);
  const found = valueOf(blocks)?.total ?? shares?.blocks;
  return (
    <Panel title="Blocks" aside={<a href={hrefOf(['blocks'])}>All blocks</a>}>
      <dl class="figures">
        <Figure label="Found">{found === undefined ? '–' : count(found)}</Figure>
        {shares?.effort !== undefined && (
          <Figure
            label="Effort"
            note="since the last"
            title="Work since the last block; 100 % is what one takes on average"
          >
            {percent(shares.effort, 1)}
          </Figure>
        )}
        {shares?.luck !== undefined && (
          <Figure label="Luck" note={shares.luck >= 1 ? 'more than expected' : 'fewer than expected'}>
            {percent(shares.luck, 1)}
          </Figure>
        )}
        {takes !== undefined && (
          <Figure label="One takes" note="on average">
            {takes > 100 * 365 * 86_400_000 ? `${digits(takes / (365 * 86_400_000))} years` : duration(takes)}
          </Figure>
        )}
      </dl>
      <Known of={blocks} what="the blocks" who={role.name}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty>No block was found yet. It appears here the moment that a share is one.</Empty>
          ) : (
            <ul class="rows">
              {items.map((block) => (
                <li key={block.hash}>
                  <a href={hrefOf(['blocks'], { hash: block.hash })}>
                    {block.height === undefined ? block.hash.slice(-8) : count(block.height)}
                  </a>
                  <span class="soft grow">
                    <Name most={20}>{[block.user, block.worker].filter(Boolean).join('.') || '–'}</Name>
                  </span>
                  <StateBadge state={block.status} />
                  <span class="end soft">
                    <Ago ms={block.foundAtMs} />
                  </span>
                </li>
              ))}
            </ul>
          )
        }
      </Known>
    </Panel>
  );
}
