import { count, difficulty, percent, plain, words } from '../../data/format.ts';
import { useResource } from '../../data/resource.ts';
import type { KnownRole } from '../../data/roles.ts';
import type { SharesView } from '../../data/views.ts';
import { Known } from '../../parts/known.tsx';
import { Figure, Panel } from '../../parts/panel.tsx';
import { Ago } from '../../parts/text.tsx';

/** Shares by what became of them. */
export function Shares({ role }: { readonly role: KnownRole }) {
  const shares = useResource<SharesView>(role, 'shares');
  return (
    <Panel title="Shares">
      <Known of={shares} what="the shares" who={role.name}>
        {(view) => <Counts view={view} />}
      </Known>
    </Panel>
  );
}

function Counts({ view }: { readonly view: SharesView }) {
  const reasons = Object.entries(view.rejected).sort(([, a], [, b]) => b - a);
  const rejected = reasons.reduce((sum, [, n]) => sum + n, 0);
  const all = view.accepted + rejected;
  return (
    <>
      <dl class="figures">
        <Figure label="Accepted" note={percent(view.accepted, all)}>
          {count(view.accepted)}
        </Figure>
        <Figure label="Rejected" note={percent(rejected, all)}>
          {count(rejected)}
        </Figure>
        <Figure label="Best share" note="difficulty">
          {difficulty(view.bestDifficulty)}
        </Figure>
      </dl>
      {reasons.length > 0 && (
        <ul class="rows reasons" aria-label="Rejected shares by reason">
          {reasons.map(([code, n]) => (
            <li key={code}>
              <span>{words(plain(code))}</span>
              <meter min={0} max={rejected} value={n} aria-hidden="true" />
              <span class="end">{`${count(n)} · ${percent(n, rejected)}`}</span>
            </li>
          ))}
        </ul>
      )}
      {view.sinceMs !== undefined && (
        <p class="soft note">
          Counted for <Ago ms={view.sinceMs} suffix="" />.
        </p>
      )}
    </>
  );
}
