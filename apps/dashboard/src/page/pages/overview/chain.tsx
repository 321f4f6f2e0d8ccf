import { hrefOf } from '../../app/route.ts';
import { amount, count, difficulty as inDifficulty } from '../../data/format.ts';
import { useEventLog } from '../../data/events.ts';
import { useResource } from '../../data/resource.ts';
import type { KnownRole } from '../../data/roles.ts';
import { type Snapshot, valueOf } from '../../data/snapshot.ts';
import { networkDifficulty } from '../../data/status.ts';
import { activeOf, tipOf } from '../../data/tip.ts';
import type { JobView, Listing, TemplateView } from '../../data/views.ts';
import { Known } from '../../parts/known.tsx';
import { Empty, Figure, Panel } from '../../parts/panel.tsx';
import { Ago, Hash } from '../../parts/text.tsx';
import { useStatus } from './workers.tsx';

/** The tip that is built on, and the template that is mined. */
export function Chain({ role }: { readonly role: KnownRole }) {
  const hasTemplates = role.resources.includes('templates');
  const work: Snapshot<Listing<TemplateView | JobView>> = useResource(
    role,
    `${hasTemplates ? 'templates' : 'jobs'}?limit=50`,
  );
  return (
    <Panel title="Chain and template" aside={<a href={hrefOf(['work'])}>What is mined</a>}>
      <Known of={work} what="the template" who={role.name}>
        {({ items }) => <Told items={items} role={role} />}
      </Known>
    </Panel>
  );
}

function Told({ items, role }: { readonly items: readonly (TemplateView | JobView)[]; readonly role: KnownRole }) {
  const events = useEventLog();
  const difficulty = networkDifficulty(valueOf(useStatus(role)));
  const active = activeOf(items);
  const tip = tipOf(active === undefined ? [] : [active], events);
  if (active === undefined && tip.hash === undefined) {
    return <Empty>There is no work yet: it comes with the first template of a node.</Empty>;
  }
  const madeMs = active === undefined ? undefined : 'createdAtMs' in active ? active.createdAtMs : active.receivedAtMs;
  return (
    <>
      <dl class="figures">
        <Figure label="Tip" note={tip.atMs === undefined ? undefined : <Ago ms={tip.atMs} />}>
          {tip.height === undefined ? '–' : count(tip.height)}
        </Figure>
        <Figure label="Template" note="old">
          {madeMs === undefined ? '–' : <Ago ms={madeMs} suffix="" />}
        </Figure>
        <Figure label="Transactions">{active?.transactions === undefined ? '–' : count(active.transactions)}</Figure>
        <Figure label="Fees">{active?.fees === undefined ? '–' : amount(active.fees)}</Figure>
        {difficulty !== undefined && <Figure label="Difficulty">{inDifficulty(difficulty)}</Figure>}
      </dl>
      {tip.hash !== undefined && (
        <p class="soft tip-hash">
          Built on <Hash ends={10}>{tip.hash}</Hash>
        </p>
      )}
    </>
  );
}
