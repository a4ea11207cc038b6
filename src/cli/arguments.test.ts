import { describe, expect, test } from '@jest/globals';
import { parseArguments } from './arguments.js';

const parse = (line: string) => parseArguments(line === '' ? [] : line.split(' '));

describe('a command line', () => {
  test.each([
    ['', { command: 'start', flags: {} }],
    ['start', { command: 'start', flags: {} }],
    ['config check', { command: 'config check', flags: {} }],
    ['config print --config a.yaml', { command: 'config print', flags: {}, file: 'a.yaml' }],
    ['-c a.yaml -p 0', { command: 'start', flags: { port: 0 }, file: 'a.yaml' }],
    ['--port=9000 start --host ::1 --memory', { command: 'start', flags: { port: 9000, host: '::1', memory: true } }],
    ['--kubeconfig k --context c', { command: 'start', flags: { kubeconfig: 'k', context: 'c' } }],
    ['start --help', { command: 'help', flags: {} }],
    ['-v', { command: 'version', flags: {} }],
    ['version', { command: 'version', flags: {} }],
    ['key accept', { command: 'key accept', flags: {} }],
    ['instance list', { command: 'instance list', flags: {} }],
    ['instance remove dc-1', { command: 'instance remove', operand: 'dc-1', flags: {} }],
  ])('%j is read', (line, expected) => expect(parse(line)).toEqual(expected));

  test.each([
    ['--prot 1', "There is no option '--prot'. Did you mean '--port'?"],
    ['-x', "There is no option '-x'."],
    ['--__proto__ 1', "There is no option '--__proto__'."],
    ['--port', '--port needs a value.'],
    ['--runs', '--runs needs'],
    ['--port --memory', '--port needs'],
    ['--port=', '--port needs a value.'],
    ['--port http', "--port needs a number from 0 to 65535, not 'http'."],
    ['--port 1e3', "--port needs a number from 0 to 65535, not '1e3'."],
    ['--memory=yes', '--memory takes no value.'],
    ['--context c', '--context needs --kubeconfig.'],
    ['statr', "There is no command 'statr'. Did you mean 'start'?"],
    ['config', "There is no command 'config'."],
    ['instance remove', 'instance remove needs the key of one backend.'],
    ['instance remove a b', 'instance remove needs the key of one backend.'],
    ['instance lsit', "There is no command 'instance lsit'. Did you mean 'instance list'?"],
    ['backup f --url http://a --port 1', '--url names the gateway already: leave out --config, --host and --port.'],
    ['start now', "There is no command 'start now'."],
  ])('%j is refused', (line, message) => {
    expect(() => parse(line)).toThrow(
      expect.objectContaining({ name: 'UsageFault', message: expect.stringContaining(message) }),
    );
    expect(() => parse(line)).toThrow(/netweave --help/);
  });
});
