import { parseArgs, type ParseArgsOptionsConfig } from 'node:util';
import type { Flags } from '../platform/config/flags.js';
import { suggestion } from '#schema/suggestion.js';

export type Command =
  | 'start'
  | 'config check'
  | 'config print'
  | 'instance list'
  | 'instance remove'
  | 'key accept'
  | 'backup'
  | 'restore'
  | 'help'
  | 'version';

export interface Arguments {
  readonly command: Command;
  /** What it is about: the key of a backend for `instance remove`, a file for `backup` and `restore`. */
  readonly operand?: string;
  /** Path of the configuration file. */
  readonly file?: string;
  readonly flags: Flags;
  /** The running gateway, for `backup` and `restore`; the one that the configuration makes when absent. */
  readonly url?: string;
  readonly replace?: boolean;
}

/** How this program is begun where it runs: in a clone by npm, which keeps options in front of `--` to itself. */
const byNpm = process.env['npm_lifecycle_event'] === 'start';

/** The command line is wrong; the message says what and how to see what is right. */
export class UsageFault extends Error {
  constructor(message: string) {
    super(`${message}\nSee \`${byNpm ? 'npm start -- --help' : 'netweave --help'}\`.`);
    this.name = 'UsageFault';
  }
}

const options = {
  config: { type: 'string', short: 'c' },
  host: { type: 'string' },
  port: { type: 'string', short: 'p' },
  memory: { type: 'boolean' },
  runs: { type: 'string' },
  kubeconfig: { type: 'string' },
  context: { type: 'string' },
  url: { type: 'string' },
  replace: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean', short: 'v' },
} as const satisfies ParseArgsOptionsConfig;

const commands: readonly Command[] = [
  'start',
  'config check',
  'config print',
  'instance list',
  'instance remove',
  'key accept',
  'backup',
  'restore',
  'help',
  'version',
];

/** Reads the command line; without a command it is `start`. Throws UsageFault. */
export function parseArguments(args: readonly string[]): Arguments {
  const { positionals, tokens } = parseArgs({
    args: [...args],
    options,
    allowPositionals: true,
    strict: false,
    tokens: true,
  });
  const given: { [name: string]: string | true } = {};
  for (const token of tokens)
    if (token.kind === 'option') given[token.name] = checked(token.rawName, token.name, token.value);

  if (given['help']) return { command: 'help', flags: {} };
  if (given['version']) return { command: 'version', flags: {} };
  const { config, host, port, memory, runs, kubeconfig, context } = given as Partial<
    Record<keyof typeof options, string>
  >;
  if (context !== undefined && kubeconfig === undefined) throw new UsageFault('--context needs --kubeconfig.');
  const flags = {
    ...(host === undefined ? {} : { host }),
    ...(port === undefined ? {} : { port: portNumber(port) }),
    ...(memory === undefined ? {} : { memory: true }),
    ...(runs === undefined ? {} : { runs }),
    ...(kubeconfig === undefined ? {} : { kubeconfig }),
    ...(context === undefined ? {} : { context }),
  };
  const command = commandOf(positionals);
  const { url, replace } = given as { readonly url?: string; readonly replace?: true };
  if (replace && command.command !== 'restore') throw new UsageFault('--replace is for restore.');
  if (url !== undefined && command.command !== 'restore' && command.command !== 'backup')
    throw new UsageFault('--url is for backup and restore.');
  if (url !== undefined && [config, host, port].some((each) => each !== undefined))
    throw new UsageFault('--url names the gateway already: leave out --config, --host and --port.');
  return {
    ...command,
    flags,
    ...(config === undefined ? {} : { file: config }),
    ...(url === undefined ? {} : { url: gatewayUrl(url) }),
    ...(replace ? { replace } : {}),
  };
}

function commandOf(words: readonly string[]): Pick<Arguments, 'command' | 'operand'> {
  const [noun, verb, ...operands] = words;
  if (noun === 'backup' || noun === 'restore') {
    if (verb === undefined || operands.length > 0) throw new UsageFault(`${noun} needs the name of one file.`);
    return { command: noun, operand: verb };
  }
  if (noun !== 'instance' || verb !== 'remove') return { command: named(words) };
  if (operands.length !== 1) throw new UsageFault('instance remove needs the key of one backend.');
  return { command: 'instance remove', operand: operands[0]! };
}

function named(words: readonly string[]): Command {
  const text = words.length === 0 ? 'start' : words.join(' ');
  const command = commands.find((each) => each === text);
  if (command) return command;
  const behind = byNpm ? ' Options go behind `--`: npm start -- --port 8090.' : '';
  throw new UsageFault(
    `There is no command '${text}'.${suggestion(text, commands)} Known: ${commands.join(', ')}.${behind}`,
  );
}

function checked(raw: string, name: string, value: string | undefined): string | true {
  if (!Object.hasOwn(options, name)) {
    const known = Object.keys(options).map((each) => `--${each}`);
    throw new UsageFault(`There is no option '${raw}'.${suggestion(raw, known)}`);
  }
  const { type } = options[name as keyof typeof options];
  if (type === 'boolean' && value !== undefined) throw new UsageFault(`${raw} takes no value.`);
  if (type === 'string' && (value === undefined || value === '')) throw new UsageFault(`${raw} needs a value.`);
  return value ?? true;
}

function gatewayUrl(text: string): string {
  if (/^https?:/i.test(text) && URL.canParse(text)) return text;
  throw new UsageFault(`--url needs a URL like http://127.0.0.1:8080, not '${text}'.`);
}

function portNumber(text: string): number {
  if (/^\d{1,5}$/.test(text)) return Number(text);
  throw new UsageFault(`--port needs a number from 0 to 65535, not '${text}'.`);
}
