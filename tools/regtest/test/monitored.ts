// What a role answers over HTTP, held to its own OpenAPI document.
import { Ajv2020 } from 'ajv/dist/2020.js';

/** One answer. */
export interface Asked {
  readonly status: number;
  readonly text: string;
}

interface Operation {
  readonly responses: Readonly<Record<string, { readonly content?: Readonly<Record<string, object>> }>>;
}

type Paths = Readonly<Record<string, { readonly get: Operation }>>;

const TIMEOUT_MS = 10_000;

/** The surface of one role. Everything that it ever answered is kept, to be searched for what must not be there. */
export class Monitored {
  readonly name: string;
  readonly base: string;
  readonly #ajv = new Ajv2020({ strict: false, validateFormats: false });
  #paths: Paths = {};
  #said = '';

  constructor(name: string, address: string) {
    this.name = name;
    this.base = `http://${address}`;
  }

  /** All that was answered so far. */
  get said(): string {
    return this.#said;
  }

  async ask(path: string): Promise<Asked> {
    // A connection that is kept may be closed just when it is used again.
    const headers = { connection: 'close' };
    const answer = await fetch(`${this.base}${path}`, { headers, signal: AbortSignal.timeout(TIMEOUT_MS) });
    const text = await answer.text();
    this.#said += `${text}\n`;
    return { status: answer.status, text };
  }

  async json(path: string): Promise<Record<string, unknown>> {
    return JSON.parse((await this.ask(path)).text);
  }

  /** Reads the document; what it describes can be checked from then on. */
  async describe(): Promise<void> {
    const document = await this.json('/api/v1/openapi.json');
    this.#ajv.addSchema({ $id: 'document', ...document });
    this.#paths = document['paths'] as Paths;
  }

  /** Paths of the document that name no row and end. */
  get described(): readonly string[] {
    return Object.keys(this.#paths).filter((path) => !path.includes('{') && !path.endsWith('/events'));
  }

  /** What is wrong with an answer by the document; empty when nothing is. */
  async faults(path: string, template = path): Promise<string> {
    const { status, text } = await this.ask(path);
    const { responses = {} } = this.#paths[template]?.get ?? {};
    const code = String(status) in responses ? String(status) : `${Math.floor(status / 100)}XX`;
    if (responses[code]?.content?.['application/json'] === undefined) return `${status} is not described`;
    const place = `document#/paths/${escaped(template)}/get/responses/${code}/content/application~1json/schema`;
    return this.#ajv.validate({ $ref: place }, JSON.parse(text)) ? '' : this.#ajv.errorsText();
  }

  /** A series of /metrics, all labels together; 0 when there is none. */
  async figure(series: string): Promise<number> {
    const { text } = await this.ask('/metrics');
    const values = text.split('\n').filter((line) => line.startsWith(`${series}{`) || line.startsWith(`${series} `));
    return values.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0);
  }

  /** The types of the next events. @throws when there are not so many in time */
  async events(count: number, after = ''): Promise<string[]> {
    const stream = await fetch(`${this.base}/api/v1/events${after}`, { signal: AbortSignal.timeout(60_000) });
    const types: string[] = [];
    let rest = '';
    for await (const chunk of stream.body?.pipeThrough(new TextDecoderStream()) ?? []) {
      rest += chunk;
      this.#said += chunk;
      const lines = rest.split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) if (line.startsWith('event: ')) types.push(line.slice('event: '.length));
      if (types.length >= count) break;
    }
    return types.slice(0, count);
  }
}

function escaped(path: string): string {
  return path.replaceAll('~', '~0').replaceAll('/', '~1');
}
