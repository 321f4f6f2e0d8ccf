import { coinbaseSpace, TemplateFitter, TemplatePublisher } from '../src/index.ts';
import { drain, NOW, publisher, SMALL, template, transaction } from '../test/builders.ts';

const TRANSACTIONS = 3000;
const node = template(
  800_000,
  Array.from({ length: TRANSACTIONS }, (_, i) =>
    transaction({ name: i, weight: 1330, depends: i % 10 === 9 ? [i - 1] : [] }),
  ),
);
const large = coinbaseSpace({ coinbaseOutputMaxAdditionalSize: 50_000, coinbaseOutputMaxAdditionalSigops: 400 });

function served(clients: number): TemplatePublisher {
  const server = publisher();
  for (let id = 1; id <= clients; id++) drain(server.setConstraints(id, SMALL, NOW));
  return server;
}

const one = served(1);
const hundred = served(100);

/** What to measure: name -> one iteration. Run by `npm run bench -- templates`. */
export const suite: Record<string, () => void> = {
  'template of 3,000 transactions to 1 client': () => void drain(one.publish(node, NOW)),
  'template of 3,000 transactions to 100 clients': () => void drain(hundred.publish(node, NOW)),
  'fit 3,000 transactions around 50 kB of outputs': () => void new TemplateFitter(node, node.transactions).fit(large),
};
