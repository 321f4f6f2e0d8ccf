import { plain } from '../../data/format.ts';
import { useResource } from '../../data/resource.ts';
import type { KnownRole } from '../../data/roles.ts';
import type { ConditionView, HealthView } from '../../data/views.ts';
import { Badge } from '../../parts/badge.tsx';
import { Away, Known } from '../../parts/known.tsx';
import { Empty, Panel } from '../../parts/panel.tsx';
import { Ago, Name, When } from '../../parts/text.tsx';
import { stateOf } from '../overview/role-strip.tsx';
import { Ledger } from './ledger.tsx';
import { conditionWords, sorted } from './words.ts';

/** One role: its state, each condition with its reason, and its record. */
export function RoleHealth({ role }: { readonly role: KnownRole }) {
  const health = useResource<HealthView>(role, 'health');
  const { tone, state } = stateOf(role, health);
  const isTold = role.state !== 'reachable' && health.state !== 'stale' && health.state !== 'unreachable';
  return (
    <Panel title={plain(role.name)} aside={<Badge tone={tone}>{state}</Badge>} class="role-health">
      {isTold && <Away who={role.name} reason={role.reason ?? 'no reason is known'} sinceMs={role.sinceMs} />}
      <Known of={health} what="its health" who={role.name}>
        {(view) => (
          <>
            {view.state !== 'ok' && (
              <p class={view.serving ? 'verdict' : 'verdict bad'}>
                {view.serving ? 'It does its work, but not all is as it should be.' : 'It does not do its work now.'}
              </p>
            )}
            <Conditions conditions={view.conditions} />
          </>
        )}
      </Known>
      {role.resources.includes('ledger') && <Ledger role={role} />}
      {role.info !== undefined && (
        <p class="soft about">
          {`${plain(role.info.name)} ${plain(role.info.version)} · process ${role.info.pid} · Node ${plain(role.info.node)} · started `}
          <When ms={role.info.startedAtMs} />
        </p>
      )}
    </Panel>
  );
}

function Conditions({ conditions }: { readonly conditions: readonly ConditionView[] }) {
  if (conditions.length === 0) return <Empty>It has no conditions to meet.</Empty>;
  return (
    <ul class="conditions">
      {sorted(conditions).map((condition) => (
        <li key={condition.name}>
          <Badge tone={condition.ok ? 'good' : condition.serving === true ? 'warn' : 'bad'}>
            {condition.ok ? 'ok' : condition.serving === true ? 'warning' : 'failed'}
          </Badge>
          <div>
            <span class="what" title={plain(condition.name)}>
              <Name most={80}>{conditionWords(condition.name)}</Name>
            </span>
            {!condition.ok && (
              <p class="reason">
                {plain(condition.reason ?? 'no reason was told').slice(0, 500)}
                {condition.code !== undefined && <code>{plain(condition.code)}</code>}
              </p>
            )}
          </div>
          <span class="soft since">
            <Ago ms={condition.sinceMs} suffix="" />
          </span>
        </li>
      ))}
    </ul>
  );
}
