import { DecoderThread } from '../src/decoding/decoder-thread.ts';
import { TemplateDecoder } from '../src/rpc/template-decoder.ts';
import { TemplateParser } from '../src/rpc/template-parser.ts';
import { templateJson, transactionJson } from '../test/fake-node.ts';

/** A full block: 4,000 transactions of 1,000 bytes, 8.9 MB of JSON. */
const full = (first: number): Uint8Array => {
  const transactions = Array.from({ length: 4_000 }, (_, index) =>
    transactionJson(first + index, { data: ((first + index) % 256).toString(16).padStart(2, '0').repeat(1_000) }),
  );
  return new TextEncoder().encode(JSON.stringify({ result: templateJson({ transactions }), error: null, id: 1 }));
};
const bodies = [full(1), full(200)];
let turn = 0;
/** One after the other, each 95 % like the other. */
const body = (): Uint8Array<ArrayBuffer> => Uint8Array.from(bodies[(turn += 1) % 2] ?? []);

const parser = new TemplateParser(new DecoderThread());
const decoder = new TemplateDecoder();

export const suite: Record<string, () => void | Promise<void>> = {
  'full block: worker, from bytes to template': async () => {
    await parser.parse(body(), 0);
  },
  'full block: decode on this thread, 95 % known': () => void decoder.decode(body()),
  'full block: decode on this thread, all new': () => void new TemplateDecoder().decode(body()),
};
