import { BitcoinError, decodeOutputs, displayHash } from '@sv2kit/bitcoin';
import type { WorkSource, WorkTemplate } from '@sv2kit/mining';
import {
  type CoinbaseOutputView,
  type Listing,
  type Page,
  type TemplateDetail,
  type TemplateView,
  transactionsView,
} from '@sv2kit/monitor';
import type { ServerContext } from '../context.ts';
import { outputView } from './coinbase-view.ts';

interface Served {
  readonly template: WorkTemplate;
  readonly height: number;
  readonly state: TemplateView['state'];
  readonly prevHash: Uint8Array | undefined;
}

/** Templates that are mined, or wait for the next tip. */
export function templateViews(context: ServerContext, { offset, limit }: Page): Listing<TemplateView> {
  const served = servedTemplates(context);
  const items = served.slice(offset, offset + limit).map((each) => templateView(context, each));
  return { total: served.length, items };
}

/** One of them with its transactions, where they are known. */
export async function templateDetail(context: ServerContext, id: string): Promise<TemplateDetail | undefined> {
  const served = servedTemplates(context).find(({ template }) => String(template.templateId) === id);
  if (served === undefined) return undefined;
  return { ...templateView(context, served), ...(await contentOf(context, served.template)) };
}

/** The transactions of a template, as far as they are known. */
export async function contentOf(
  { deps }: ServerContext,
  template: WorkTemplate,
): Promise<Pick<TemplateDetail, 'transactionList' | 'cut' | 'weight'>> {
  if (template.merklePath.length === 0) return { transactionList: [], weight: 0 };
  try {
    const told = await transactionsView(deps.contents?.(template));
    const { transactionList, cut } = told;
    if (transactionList === undefined || cut === true) return told;
    return { ...told, weight: transactionList.reduce((sum, { weight = 0 }) => sum + weight, 0) };
  } catch (error) {
    // What a provider gave out is not read before somebody asks.
    if (error instanceof BitcoinError) return {};
    throw error;
  }
}

function servedTemplates({ board: { work, futures } }: ServerContext): Served[] {
  const present = work === undefined ? [] : served(work.current, 'active', work.tip.prevHash);
  return [...present, ...futures.flatMap((source) => served(source, 'future', undefined))];
}

function served({ input, height }: WorkSource, state: Served['state'], prevHash: Served['prevHash']): Served[] {
  return 'templateId' in input ? [{ template: input, height, state, prevHash }] : [];
}

function templateView(context: ServerContext, { template, height, state, prevHash }: Served): TemplateView {
  const { received, deps } = context;
  const isEmpty = template.merklePath.length === 0;
  const outputs = requiredOutputs(context, template);
  const source = deps.source?.(template);
  return {
    id: String(template.templateId),
    state,
    height,
    ...(prevHash === undefined ? {} : { prevHash: displayHash(prevHash) }),
    ...(isEmpty ? { transactions: 0 } : {}),
    ...deps.describe?.(template),
    ...(source === undefined ? {} : { source }),
    receivedAtMs: Math.round(received.get(template) ?? 0),
    revenue: Number(template.coinbaseTxValueRemaining),
    isEmpty,
    ...(outputs === undefined ? {} : { coinbaseOutputs: outputs }),
  };
}

/** What every coinbase of it must have. */
function requiredOutputs({ config }: ServerContext, template: WorkTemplate): CoinbaseOutputView[] | undefined {
  try {
    const { coinbaseTxOutputs, coinbaseTxOutputsCount } = template;
    const outputs = decodeOutputs(coinbaseTxOutputs, coinbaseTxOutputsCount);
    return outputs.map(({ value, script }) => outputView(value, script, config.chain));
  } catch (error) {
    if (error instanceof BitcoinError) return undefined;
    throw error;
  }
}
