/**
 * Template distribution (§7) without its sockets. `TemplatePublisher` turns a node's templates into messages for each
 * client, `TemplateClient` turns those messages into work. Pure: time and template ids come in as arguments.
 *
 * @example
 * ```ts
 * const publisher = new TemplatePublisher({
 *   rules: chainRules('regtest'),
 *   firstTemplateId: BigInt(Date.now()) << 20n,
 *   feeThreshold: 1000n,
 *   minIntervalMs: 5000,
 *   emptyAhead: true,
 * });
 * for (const { clients, messages } of publisher.publish(nodeTemplate, Date.now())) send(clients, messages);
 * ```
 * @packageDocumentation
 */
export { type ChainRules, chainRules } from './chain-rules.ts';
export { type CoinbaseFields, coinbaseFields } from './coinbase-fields.ts';
export {
  type CoinbaseConstraints,
  type CoinbaseSpace,
  coinbaseSpace,
  constraintsForOutputs,
  MAX_BLOCK_WEIGHT,
  MIN_RESERVED_WEIGHT,
} from './coinbase-space.ts';
export {
  type ClientId,
  type Delivery,
  type DeliveryReason,
  PUBLISHER_LIMITS,
  type PublisherLimits,
  type PublisherOptions,
} from './delivery.ts';
export {
  SOLUTION_REFUSALS,
  type SolutionRefusalCode,
  TEMPLATE_CLIENT_ERRORS,
  TEMPLATE_SERVER_ERRORS,
  type TemplateClientErrorCode,
  type TemplateServerErrorCode,
  TRANSACTION_DATA_ERRORS,
  type TransactionDataErrorCode,
} from './errors.ts';
export { type FittedTemplate, TemplateFitter } from './fitting.ts';
export type {
  BlockTransaction,
  HeldTemplate,
  NodeTemplate,
  NodeTip,
  NodeTransaction,
  TemplateHead,
  WholeTemplate,
} from './node-template.ts';
export type { PublishedTemplate, PublisherView, SolutionOutcome, TransactionDataAnswer } from './outcome.ts';
export { TemplatePublisher } from './publisher.ts';
export type { SharedTransaction } from './shared-transactions.ts';
export type { RefusedSolution, SolvedBlock } from './solution.ts';
export {
  type IgnoredReason,
  TEMPLATE_CLIENT_LIMITS,
  TemplateClient,
  type TemplateClientLimits,
  type TemplateEvent,
} from './template-client.ts';
export type { WorkTemplate, WorkTip } from './work-template.ts';
