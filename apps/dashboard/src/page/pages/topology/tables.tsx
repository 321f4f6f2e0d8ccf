import { plain } from '../../data/format.ts';
import { hrefOf } from '../../app/route.ts';
import { Badge } from '../../parts/badge.tsx';
import { Panel } from '../../parts/panel.tsx';
import { Name } from '../../parts/text.tsx';
import type { Box, Graph, LinkProtocol, RoleFacts } from './graph.ts';
import { linkWords, PROTOCOLS, STATE_TONES, stateWords } from './words.ts';

/** What the lines mean. */
export function Legend({ graph }: { readonly graph: Graph }) {
  const used = new Set(graph.links.map(({ protocol }) => protocol));
  const shown = (Object.keys(PROTOCOLS) as LinkProtocol[]).filter((protocol) => used.has(protocol));
  return (
    <ul class="legend" aria-label="Lines">
      {shown.map((protocol) => (
        <li key={protocol}>
          <svg width="34" height="10" aria-hidden="true">
            <path d="M1 5H33" class={`link ${protocol}`} />
          </svg>
          {PROTOCOLS[protocol]}
        </li>
      ))}
      {graph.links.some(({ isUp }) => !isUp) && (
        <li>
          <svg width="34" height="10" aria-hidden="true">
            <path d="M1 5H33" class="link down" />
          </svg>
          not connected
        </li>
      )}
    </ul>
  );
}

/** The picture in words: each box with its state, whom it is a client of, and who is connected. */
export function InWords({ graph, facts }: { readonly graph: Graph; readonly facts: readonly RoleFacts[] }) {
  return (
    <Panel title="In words">
      <div class="scroll">
        <table class="in-words">
          <thead>
            <tr>
              <th scope="col">What</th>
              <th scope="col">State</th>
              <th scope="col">Listens at</th>
              <th scope="col">Connected to</th>
            </tr>
          </thead>
          <tbody>
            {graph.boxes.map((box) => (
              <BoxRow key={box.id} box={box} graph={graph} facts={facts} />
            ))}
          </tbody>
        </table>
      </div>
    </Panel>
  );
}

interface BoxRowProps {
  readonly box: Box;
  readonly graph: Graph;
  readonly facts: readonly RoleFacts[];
}

function BoxRow({ box, graph, facts }: BoxRowProps) {
  const labels = new Map(graph.boxes.map(({ id, label }) => [id, label]));
  const own = graph.links.filter(({ from }) => from === box.id);
  return (
    <tr>
      <th scope="row">
        {box.role === undefined ? (
          <Name>{box.label}</Name>
        ) : (
          <a href={hrefOf(['health'], { role: box.role })}>{plain(box.label)}</a>
        )}
        {box.what !== box.label && (
          <small>
            <Name most={60}>{box.what}</Name>
          </small>
        )}
      </th>
      <td>
        <Badge tone={STATE_TONES[box.state]}>{stateWords(box.state)}</Badge>
        {box.reason !== undefined && <small class="why">{plain(box.reason)}</small>}
      </td>
      <td>{doorsOf(box, facts) || <span class="soft">–</span>}</td>
      <td>
        {own.length === 0 && <span class="soft">–</span>}
        {own.map((link) => (
          <div key={link.id}>
            {`${plain(labels.get(link.to) ?? link.to)} `}
            <small>{`${PROTOCOLS[link.protocol]}; ${plain(linkWords(link))}`}</small>
          </div>
        ))}
      </td>
    </tr>
  );
}

function doorsOf({ role, label }: Box, facts: readonly RoleFacts[]): string {
  const listens = facts.find(({ name }) => name === role)?.listens ?? [];
  return listens
    .filter(({ part }) => part === undefined || part === label)
    .map(({ protocol, host, port }) => `${host}:${port} (${protocol})`)
    .join(', ');
}
