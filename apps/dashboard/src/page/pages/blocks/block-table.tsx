import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { amount, count, percent } from '../../data/format.ts';
import { Badge } from '../../parts/badge.tsx';
import { Ago, Hash, Name } from '../../parts/text.tsx';
import type { FoundBlock } from './merge-blocks.ts';
import { finder, MATURITY, pathWords, statusWords, viaWords } from './words.ts';

interface BlockTableProps {
  readonly blocks: readonly FoundBlock[];
  /** Those that came while one watches. */
  readonly fresh: ReadonlySet<string>;
  /** The one that a link led to. */
  readonly marked?: string;
}

const HEADS = ['Height', 'Status', 'Found', 'By', 'Template', 'Effort', 'Pays', 'Hash'];
const NUMBERS = new Set(['Effort', 'Pays']);

/** A table on wide screens, a card for each block on narrow ones. */
export function BlockTable({ blocks, fresh, marked }: BlockTableProps) {
  return (
    <div class="scroll" tabIndex={-1}>
      <table class="cards blocks" role="table">
        <thead role="rowgroup">
          <tr role="row">
            {HEADS.map((head) => (
              <th key={head} role="columnheader" scope="col" class={NUMBERS.has(head) ? 'number' : undefined}>
                {head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody role="rowgroup">
          {blocks.map((block) => (
            <BlockRow key={block.hash} block={block} isFresh={fresh.has(block.hash)} isMarked={block.hash === marked} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

interface BlockRowProps {
  readonly block: FoundBlock;
  readonly isFresh: boolean;
  readonly isMarked: boolean;
}

function BlockRow({ block, isFresh, isMarked }: BlockRowProps) {
  const row = useRef<HTMLTableRowElement>(null);
  useEffect(() => {
    if (isMarked) row.current?.scrollIntoView({ block: 'center' });
  }, [isMarked]);
  const who = finder(block);
  const { effort, luck, revenue, height } = block;
  return (
    <tr ref={row} role="row" class={`${isFresh ? 'fresh' : ''} ${isMarked ? 'marked' : ''}`} aria-current={isMarked}>
      <Cell head="Height">
        <b>{height === undefined ? '–' : count(height)}</b>
      </Cell>
      <Cell head="Status">
        <Status block={block} />
      </Cell>
      <Cell head="Found">
        <Ago ms={block.foundAtMs} />
      </Cell>
      <Cell head="By">{who === undefined ? <Missing /> : <Name most={32}>{who}</Name>}</Cell>
      <Cell head="Template">
        <TwoLines first={pathWords(block.path)} second={viaWords(block.via)} />
      </Cell>
      <Cell head="Effort" title="Work that it took; 100 % is what the difficulty lets expect. Luck is 1 by it.">
        <TwoLines
          first={effort === undefined ? undefined : percent(effort, 1)}
          second={luck === undefined ? undefined : `luck ${percent(luck, 1)}`}
        />
      </Cell>
      <Cell head="Pays">{revenue === undefined ? <Missing /> : amount(revenue)}</Cell>
      <Cell head="Hash" title={`Known to ${block.seenBy.join(', ')}`}>
        <Hash ends={6}>{block.hash}</Hash>
      </Cell>
    </tr>
  );
}

interface CellProps {
  readonly head: string;
  readonly title?: string;
  readonly children: ComponentChildren;
}

const Cell = ({ head, title, children }: CellProps) => (
  <td role="cell" data-head={head} class={NUMBERS.has(head) ? 'number' : undefined} title={title}>
    {children}
  </td>
);

const TwoLines = ({ first, second }: { readonly first: string | undefined; readonly second: string | undefined }) => (
  <>
    {first ?? <Missing />}
    {second !== undefined && <small>{second}</small>}
  </>
);

/** Nobody told. */
const Missing = () => (
  <span class="soft" title="not told">
    –
  </span>
);

const TONES = { new: 'info', good: 'good', bad: 'bad' } as const;

/** How far a block came, in a word; what is behind it on hover and below. */
function Status({ block }: { readonly block: FoundBlock }) {
  const { word, meaning, tone, steps } = statusWords(block.status);
  const { confirmations, reason, disputedBy, by } = block;
  const until =
    block.status === 'confirmed' && confirmations !== undefined ? confirmationWords(confirmations) : undefined;
  const told = [meaning, by !== undefined && `Said by ${by}.`, reason].filter(Boolean).join(' ');
  return (
    <span class="status">
      <Badge tone={TONES[tone]} title={told}>
        {word}
      </Badge>
      {tone !== 'bad' && (
        <span class="steps" aria-hidden="true" title={told}>
          {[1, 2, 3].map((step) => (
            <i key={step} class={step <= steps ? 'done' : undefined} />
          ))}
        </span>
      )}
      {until !== undefined && <small>{until}</small>}
      {tone === 'bad' && reason !== undefined && <small class="why">{reason}</small>}
      {disputedBy.map(({ role, status }) => (
        <small key={role} class="why">{`▲ ${role} says ${status}`}</small>
      ))}
    </span>
  );
}

function confirmationWords(confirmations: number): string {
  if (confirmations >= MATURITY) return `${count(confirmations)} confirmations`;
  return `${confirmations} of ${MATURITY} confirmations`;
}
