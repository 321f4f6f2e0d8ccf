// Runs in a worker thread: computes handshakes in the order they come, and makes ephemeral keys while there are none.
import { parentPort } from 'node:worker_threads';
import { type EllSwiftKeypair, respond } from '@sv2kit/noise';
import { AHEAD, type Batch, type Outcome } from './handshake-batch.ts';
import { ephemeralKey } from './handshaker.ts';

if (parentPort === null) throw new Error('this module runs in a worker thread');
const port = parentPort;
const keys: EllSwiftKeypair[] = [];
let refilling = false;

port.on('message', ({ identity, acts }: Batch) => {
  const outcomes = acts.map((act): Outcome => {
    try {
      return respond(act, keys.pop() ?? ephemeralKey(), identity);
    } catch (error) {
      return { failure: String(error) };
    }
  });
  port.postMessage(outcomes);
  refill();
});

/** One key per turn, so that a batch never waits for more than one. */
function refill(): void {
  if (refilling || keys.length >= AHEAD) return;
  refilling = true;
  setImmediate(() => {
    refilling = false;
    keys.push(ephemeralKey());
    refill();
  });
}
refill();
