import { encodeFrame, RequestTransactionDataSuccess } from '@sv2kit/codec';
import { TEMPLATE_PROVIDER_LIMITS as LIMITS } from './limits.ts';

/** Answers with transaction data, encoded once however many clients ask for the same template. */
export class EncodedAnswers {
  /** By template id, latest last. */
  readonly #frames = new Map<bigint, Uint8Array>();

  frameOf(answer: RequestTransactionDataSuccess): Uint8Array {
    const { templateId } = answer;
    const frame = this.#frames.get(templateId) ?? encodeFrame(RequestTransactionDataSuccess, answer);
    this.#frames.delete(templateId);
    this.#frames.set(templateId, frame);
    for (const oldest of this.#frames.keys()) {
      if (this.#frames.size <= LIMITS.encodedAnswers) break;
      this.#frames.delete(oldest);
    }
    return frame;
  }
}
