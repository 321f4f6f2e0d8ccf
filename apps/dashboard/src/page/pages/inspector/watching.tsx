import { useEffect, useMemo, useState } from 'preact/hooks';
import { hrefOf } from '../../app/route.ts';
import { count } from '../../data/format.ts';
import { type KnownRole } from '../../data/roles.ts';
import { resourcePath } from '../../data/resource.ts';
import type { ConnectionView } from '../../data/views.ts';
import { Badge } from '../../parts/badge.tsx';
import { Empty, Panel } from '../../parts/panel.tsx';
import { type Capture, useCapture } from './capture.ts';
import { describe } from './describe.ts';
import { EVERYTHING, passes } from './filter.ts';
import type { Wire } from './look.ts';
import { MessageList } from './message-list.tsx';
import { MessageView } from './message-view.tsx';
import { asJson } from './save.ts';
import { Tools } from './tools.tsx';
import { connectionTitle } from './words.ts';

interface WatchingProps {
  readonly role: KnownRole;
  readonly connection: ConnectionView;
}

/** The look at one connection. */
export function Watching({ role, connection }: WatchingProps) {
  const { id, protocol, direction } = connection;
  const wire = useMemo<Wire>(() => ({ protocol, direction }), [protocol, direction]);
  const capture = useCapture(resourcePath(role, `connections/${encodeURIComponent(id)}/messages`));
  const [filter, setFilter] = useState(EVERYTHING);
  const [selected, setSelected] = useState<number>();
  useEffect(() => setSelected(undefined), [role.path, id]);
  const all = capture.messages.map((captured) => describe(captured, wire));
  const names = new Map<string, number>();
  for (const { name } of all) names.set(name, (names.get(name) ?? 0) + 1);
  const shown = all.filter((message) => passes(message, filter));
  const chosen = capture.messages.find(({ number }) => number === selected);
  const save = () =>
    download(
      asJson(
        shown.map(({ captured }) => captured),
        wire,
        { role: role.name, connection: id },
      ),
      `${role.name}-${id}.json`,
    );
  return (
    <Panel
      title={connectionTitle(connection)}
      aside={
        <>
          <TapBadge capture={capture} />
          <a href={hrefOf(['inspector', role.name])}>Another connection</a>
        </>
      }
    >
      {capture.tap.state === 'ended' && (
        <p class="away" role="status">
          <b>Nothing more comes. </b>
          {`${capture.tap.reason} `}
          <button type="button" class="small" onClick={capture.again}>
            Look again
          </button>
        </p>
      )}
      <Tools filter={filter} names={names} capture={capture} shown={shown.length} onFilter={setFilter} onSave={save} />
      <div class="panes">
        <div>
          {shown.length === 0 ? (
            <Empty>{nothing(all.length, capture)}</Empty>
          ) : (
            <MessageList
              messages={shown}
              selected={selected}
              isFollowing={!capture.isHeld}
              onHold={capture.hold}
              onSelect={(number) => {
                capture.hold();
                setSelected(number);
              }}
            />
          )}
          <p class="counts soft">{countsOf(shown.length, capture)}</p>
        </div>
        <div class="chosen">
          {chosen === undefined ? (
            <Empty>
              Choose a message to see its fields and bytes. What is shown then stays as it is until you go on.
            </Empty>
          ) : (
            <MessageView captured={chosen} wire={wire} role={role.name} />
          )}
        </div>
      </div>
    </Panel>
  );
}

function TapBadge({ capture: { tap, isHeld } }: { readonly capture: Capture }) {
  if (tap.state === 'ended') return <Badge tone="bad">ended</Badge>;
  if (tap.state === 'opening') return <Badge tone="info">opening</Badge>;
  return isHeld ? <Badge tone="warn">paused</Badge> : <Badge tone="good">watching</Badge>;
}

function nothing(all: number, { tap, seen }: Capture): string {
  if (all > 0) return `None of ${count(all)} messages fits the filter.`;
  if (tap.state === 'ended') return 'No message was seen.';
  return seen > 0
    ? 'Cleared. The next message appears here.'
    : 'Waiting for the first message: it appears here as it goes over the wire.';
}

function countsOf(shown: number, { messages, dropped, missed, seen }: Capture): string {
  const parts = [`${count(shown)} of ${count(messages.length)} messages shown`, `${count(seen)} seen`];
  if (dropped > 0) parts.push(`${count(dropped)} older ones no longer kept`);
  if (missed > 0) parts.push(`${count(missed)} left out by the role: more than it tells in a second`);
  return parts.join('; ');
}

function download(text: string, name: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: 'application/json' }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name.replaceAll(/[^\w.-]/g, '_');
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
