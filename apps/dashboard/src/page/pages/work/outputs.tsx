import { amount, percent, plain } from '../../data/format.ts';
import type { CoinbaseOutputView } from '../../data/views.ts';
import { Copy } from '../../parts/text.tsx';
import { outputWords } from './words.ts';

const SHOWN = 12;

/** Whom a coinbase pays; what pays nothing is told below. */
export function Outputs({ outputs }: { readonly outputs: readonly CoinbaseOutputView[] }) {
  const paid = outputs.filter(({ value }) => value > 0);
  const rest = outputs.length - paid.length;
  const total = paid.reduce((sum, { value }) => sum + value, 0);
  const largest = [...paid].sort((a, b) => b.value - a.value).slice(0, SHOWN);
  return (
    <div class="outputs">
      <h3>The coinbase pays</h3>
      {paid.length === 0 && <p class="soft">Nobody.</p>}
      <ul>
        {largest.map((output, at) => (
          <li key={`${at} ${output.script}`}>
            <code title={plain(outputWords(output))}>{plain(outputWords(output))}</code>
            <Copy text={output.address ?? output.script} what={output.address === undefined ? 'script' : 'address'} />
            <b>{amount(output.value)}</b>
            {paid.length > 1 && <span class="soft">{percent(output.value, total)}</span>}
          </li>
        ))}
      </ul>
      {paid.length > SHOWN && <p class="soft">{`and ${paid.length - SHOWN} others with less`}</p>}
      {rest > 0 && (
        <p class="soft">
          {outputs
            .filter(({ value }) => value === 0)
            .map(outputWords)
            .map(plain)
            .join(', ')}
          {': pays nothing'}
        </p>
      )}
    </div>
  );
}
