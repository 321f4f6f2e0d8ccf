import { difficulty, hashrate, plain } from '../../data/format.ts';
import { useResources } from '../../data/resource.ts';
import type { KnownRole } from '../../data/roles.ts';
import { valueOf } from '../../data/snapshot.ts';
import type { ChannelView, Listing } from '../../data/views.ts';
import { Badge } from '../../parts/badge.tsx';
import { Empty, Panel } from '../../parts/panel.tsx';
import { Ago, Name } from '../../parts/text.tsx';
import { isOf } from './of-worker.ts';

const MOST = 1000;
const KINDS: Readonly<Record<ChannelView['kind'], string>> = {
  v1: 'Stratum V1',
  standard: 'V2 standard',
  extended: 'V2 extended',
};

/** The open channels of a worker, at every role that has some. */
export function Channels({ name, roles }: { readonly name: string; readonly roles: readonly KnownRole[] }) {
  const having = roles.filter(({ resources }) => resources.includes('channels'));
  const answers = useResources<Listing<ChannelView>>(having, `channels?limit=${MOST}`, { everyMs: 10_000 });
  const rows = having.flatMap((role, i) => {
    const answer = answers[i];
    const listing = answer === undefined ? undefined : valueOf(answer);
    return (listing?.items ?? []).filter((channel) => isOf(channel, name)).map((channel) => ({ role, channel }));
  });
  const isCut = answers.some((answer) => (valueOf(answer)?.total ?? 0) > MOST);
  return (
    <Panel title="Connections and devices">
      {rows.length === 0 ? (
        <Empty>
          {isCut
            ? `None among the first ${MOST} channels of the roles; there are more than that.`
            : 'It has no channel open of its own now: it is gone, or works behind a proxy that speaks for it.'}
        </Empty>
      ) : (
        <div class="scroll">
          <table class="cards">
            <thead>
              <tr>
                <th scope="col">At</th>
                <th scope="col">Speaks</th>
                <th scope="col">Device</th>
                <th scope="col">From</th>
                <th scope="col" class="number">
                  Hashrate
                </th>
                <th scope="col" class="number">
                  Difficulty
                </th>
                <th scope="col" class="number">
                  Open for
                </th>
              </tr>
            </thead>
            <tbody>
              {rows.map(({ role, channel }) => (
                <Row key={`${role.name} ${channel.connection} ${channel.channelId}`} role={role} channel={channel} />
              ))}
            </tbody>
          </table>
        </div>
      )}
    </Panel>
  );
}

const Row = ({ role, channel }: { readonly role: KnownRole; readonly channel: ChannelView }) => (
  <tr>
    <th scope="row">
      <Name most={30}>{channel.part ?? role.name}</Name>
    </th>
    <td data-label="Speaks">
      <Badge tone={channel.kind === 'v1' ? 'idle' : 'info'}>{KINDS[channel.kind]}</Badge>
    </td>
    <td data-label="Device">{channel.device === '' ? '–' : <Name most={40}>{channel.device}</Name>}</td>
    <td data-label="From">{channel.remote === undefined ? '–' : plain(channel.remote)}</td>
    <td data-label="Hashrate" class="number">
      {hashrate(channel.hashrate.tenMinutes)}
    </td>
    <td data-label="Difficulty" class="number">
      {difficulty(channel.difficulty)}
    </td>
    <td data-label="Open for" class="number">
      <Ago ms={channel.openedAtMs} suffix="" />
    </td>
  </tr>
);
