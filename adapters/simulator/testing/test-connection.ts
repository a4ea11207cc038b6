import type { Connection } from '../../contract.js';
import { context } from '../../kit/testing/mirror.js';
import { simulator } from '../index.js';

/** Connects with options as a configuration file has them. */
export function connect(options: Readonly<Record<string, unknown>>, dataDirectory?: string): Promise<Connection> {
  const where = dataDirectory === undefined ? context : { ...context, dataDirectory };
  return simulator.connect(simulator.config.parse(options), where);
}
