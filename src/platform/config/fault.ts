/** One thing that is wrong with the configuration. */
export interface Problem {
  /** Where in the model: `backends[0].options.url`; empty for the whole file. */
  readonly path: string;
  /** Line of the file, counted from 1; absent when the value did not come from the file. */
  readonly line?: number;
  /** What set the value when it was not the file: `--port`, `NETWEAVE_LISTEN_PORT`. */
  readonly source?: string;
  readonly message: string;
}

/** Most faults that are told: a file with more is hardly a configuration. */
const mostTold = 40;

/** The configuration cannot be used; `faults` lists everything that was found, and the program ends with code 2. */
export class ConfigurationFault extends Error {
  readonly faults: readonly Problem[];

  constructor(faults: readonly Problem[], file = 'configuration') {
    const count = faults.length === 1 ? 'a fault' : `${faults.length} faults`;
    const told = faults.slice(0, mostTold).map((fault) => `  ${sentence(fault, file)}`);
    if (faults.length > mostTold) told.push(`  and ${faults.length - mostTold} more.`);
    super(`The configuration has ${count}:\n${told.join('\n')}`);
    this.name = 'ConfigurationFault';
    this.faults = faults;
  }
}

function sentence({ path, line, source, message }: Problem, file: string): string {
  const place = source ?? (line === undefined ? file : `${file}:${line}`);
  return path === '' ? `${place}: ${message}` : `${place}: ${path}: ${message}`;
}

/** `['backends', 0, 'key']` as `backends[0].key`. */
export function pathText(path: readonly PropertyKey[]): string {
  return path
    .map((step, at) => (typeof step === 'number' ? `[${step}]` : `${at === 0 ? '' : '.'}${String(step)}`))
    .join('');
}
