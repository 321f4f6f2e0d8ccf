// Who may send what (§3.6, §5.3, §6.4, §7, extension 0x0001).
import { type FromClient, type FromServer, protocol } from './declare.ts';
import * as common from './messages/common.ts';
import * as extensions from './messages/extensions.ts';
import * as jd from './messages/job-declaration.ts';
import * as m from './messages/mining.ts';
import * as tdp from './messages/template-distribution.ts';

const everyClient = [common.SetupConnection, extensions.RequestExtensions] as const;
const everyServer = [
  common.SetupConnectionSuccess,
  common.SetupConnectionError,
  common.Reconnect,
  common.ChannelEndpointChanged,
  extensions.RequestExtensionsSuccess,
  extensions.RequestExtensionsError,
] as const;

/** `SetupConnection.protocol` of each protocol (§3.6.1). */
export const MINING_PROTOCOL = 0;
export const JOB_DECLARATION_PROTOCOL = 1;
export const TEMPLATE_DISTRIBUTION_PROTOCOL = 2;

/** The mining protocol (§5). */
export const mining = protocol('mining', MINING_PROTOCOL, {
  fromClient: [
    ...everyClient,
    m.OpenStandardMiningChannel,
    m.OpenExtendedMiningChannel,
    m.UpdateChannel,
    m.CloseChannel,
    m.SubmitSharesStandard,
    m.SubmitSharesExtended,
    m.SetCustomMiningJob,
  ],
  fromServer: [
    ...everyServer,
    m.OpenStandardMiningChannelSuccess,
    m.OpenMiningChannelError,
    m.OpenExtendedMiningChannelSuccess,
    m.NewMiningJob,
    m.UpdateChannelError,
    m.CloseChannel,
    m.SetExtranoncePrefix,
    m.SubmitSharesSuccess,
    m.SubmitSharesError,
    m.NewExtendedMiningJob,
    m.SetNewPrevHash,
    m.SetTarget,
    m.SetCustomMiningJobSuccess,
    m.SetCustomMiningJobError,
    m.SetGroupChannel,
  ],
});
export type MiningFromClient = FromClient<typeof mining>;
export type MiningFromServer = FromServer<typeof mining>;

/** The job declaration protocol (§6). */
export const jobDeclaration = protocol('job declaration', JOB_DECLARATION_PROTOCOL, {
  fromClient: [
    ...everyClient,
    jd.AllocateMiningJobToken,
    jd.DeclareMiningJob,
    jd.ProvideMissingTransactionsSuccess,
    jd.PushSolution,
  ],
  fromServer: [
    ...everyServer,
    jd.AllocateMiningJobTokenSuccess,
    jd.DeclareMiningJobSuccess,
    jd.DeclareMiningJobError,
    jd.ProvideMissingTransactions,
  ],
});
export type JobDeclarationFromClient = FromClient<typeof jobDeclaration>;
export type JobDeclarationFromServer = FromServer<typeof jobDeclaration>;

/** The template distribution protocol (§7). */
export const templateDistribution = protocol('template distribution', TEMPLATE_DISTRIBUTION_PROTOCOL, {
  fromClient: [...everyClient, tdp.CoinbaseOutputConstraints, tdp.RequestTransactionData, tdp.SubmitSolution],
  fromServer: [
    ...everyServer,
    tdp.NewTemplate,
    tdp.SetNewPrevHash,
    tdp.RequestTransactionDataSuccess,
    tdp.RequestTransactionDataError,
  ],
});
export type TemplatesFromClient = FromClient<typeof templateDistribution>;
export type TemplatesFromServer = FromServer<typeof templateDistribution>;

/** Every protocol, by `SetupConnection.protocol`. */
export const protocols = [mining, jobDeclaration, templateDistribution] as const;
