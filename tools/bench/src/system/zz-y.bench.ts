import { setTimeout as sleep } from 'node:timers/promises';
import { Lab, makeTransactions, sendTransactions } from '@sv2kit/regtest';
import { startProvider } from '../load/provider-process.ts';
import { TemplateClients } from '../load/template-clients.ts';
import { TIMES_IN_LOG } from '../load/node-log.ts';
await using lab = await Lab.open('regtest', { backEnd: 'ipc+rpc', nodeArgs: [...TIMES_IN_LOG, '-debug=ipc'] });
await lab.node.mine(110);
await sendTransactions(await makeTransactions(lab.node, 3000), lab.node);
await using provider = await startProvider({ node: lab.node.door({ backEnd: 'ipc' }) });
const clients = await TemplateClients.open({ port: provider.port, authority: provider.authority, clients: 1 });
const seen: string[] = [];
const iso = (now: number) => {
  const ms = performance.timeOrigin + now;
  return new Date(ms).toISOString().slice(0, -1) + String(Math.floor((ms % 1) * 1000)).padStart(3, '0') + 'Z';
};
for (let i = 0; i < 6; i++) {
  const block = await lab.node.prepareBlock();
  await sleep(1500);
  const p = clients.nextTip();
  const t0 = performance.now();
  const taken = lab.node.call('submitblock', block);
  const { tip, full } = await p;
  await taken;
  seen.push(`${iso(t0)} CLIENT submits ${i}`, `${iso(tip.last)} CLIENT tip`, `${iso(full.last)} CLIENT full`);
  await sleep(300);
}
clients.close();
const log = (await lab.node.log())
  .split('\n')
  .filter((l) => /UpdateTip|CreateNewBlock\(\) |\[ipc\].*(recv request|send response)/.test(l));
const all = [...log, ...seen].sort();
const from = all.findIndex((l) => l.includes('CLIENT submits 3'));
console.log(
  all
    .slice(from, from + 60)
    .map((l) => l.slice(11, 190))
    .join('\n'),
);
