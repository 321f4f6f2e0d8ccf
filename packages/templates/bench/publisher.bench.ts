import { coinbaseSpace, type HeldTemplate, TemplateFitter, TemplatePublisher } from '../src/index.ts';
import { drain, NOW, publisher, SMALL, template, tip, transaction } from '../test/builders.ts';
import { held, SMALL_SPACE } from '../test/held.ts';

const TRANSACTIONS = 3000;
const transactions = Array.from({ length: TRANSACTIONS }, (_, i) =>
  transaction({ name: i, weight: 1330, depends: i % 10 === 9 ? [i - 1] : [] }),
);
const node = template(800_000, transactions);
const large = coinbaseSpace({ coinbaseOutputMaxAdditionalSize: 50_000, coinbaseOutputMaxAdditionalSigops: 400 });

/** A publisher with clients, whose needs are all the same or all different. */
function served(clients: number, step = 0): TemplatePublisher {
  const server = publisher();
  for (let id = 1; id <= clients; id++) {
    const coinbaseOutputMaxAdditionalSize = SMALL.coinbaseOutputMaxAdditionalSize + id * step;
    drain(server.setConstraints(id, { ...SMALL, coinbaseOutputMaxAdditionalSize }, NOW));
  }
  return server;
}

const hash = (height: number) => new Uint8Array(32).fill(height % 251);

/** One iteration: the next tip, announced or not, and the held template of it, whose transactions come or not. */
function tips(server: TemplatePublisher, options: { announced: boolean; complete: boolean }): () => void {
  const first = held(800_000, SMALL_SPACE, transactions);
  let height = 800_000;
  return () => {
    const nowMs = NOW + height;
    if (options.announced) {
      const news = tip(height, { hash: hash(height + 1), previousHash: hash(height) });
      drain(server.announceTip(news, nowMs));
    }
    height += 1;
    const template: HeldTemplate = { ...first, height, prevHash: hash(height), receivedAtMs: nowMs };
    drain(server.publish(template, nowMs));
    if (options.complete) server.complete(template, transactions);
  };
}

const one = served(1);
const hundred = served(100);
const thousand = served(1000);
const different = served(1000, 400);
const idle = served(1000);
drain(idle.publish(node, NOW));

/** What to measure: name -> one iteration. Run by `npm run bench -- templates`. */
export const suite: Record<string, () => void> = {
  'template of 3,000 transactions to 1 client': () => void drain(one.publish(node, NOW)),
  'template of 3,000 transactions to 100 clients': () => void drain(hundred.publish(node, NOW)),
  'template of 3,000 transactions to 1,000 clients': () => void drain(thousand.publish(node, NOW)),
  'template of 3,000 transactions to 1,000 clients with different needs': () =>
    void drain(different.publish(node, NOW)),
  'new tip, held template, to 1 client': tips(served(1), { announced: false, complete: false }),
  'new tip, held template, to 1,000 clients': tips(served(1000), { announced: false, complete: false }),
  'new tip announced, held template, to 1,000 clients': tips(served(1000), { announced: true, complete: false }),
  'new tip announced, held template and its transactions, to 1,000 clients': tips(served(1000), {
    announced: true,
    complete: true,
  }),
  'tick with nothing due to 1,000 clients': () => void drain(idle.tick(NOW)),
  'fit 3,000 transactions around 50 kB of outputs': () => void new TemplateFitter(node, node.transactions).fit(large),
};
