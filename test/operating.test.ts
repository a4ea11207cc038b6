import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { selfSigned } from '#platform/testing/self-signed.js';
import { builtInRoles, loadRoles } from '#src/access/policy.js';
import { allPermissions } from '#src/operations/operations.js';
import { openGatewayUnderTest } from './gateway-under-test.js';

const page = readFileSync(fileURLToPath(new URL('../../docs/operating.md', import.meta.url)), 'utf8');

/** Cells of the table whose first heading it is, without the heading. */
function table(heading: string): readonly (readonly string[])[] {
  const lines = page
    .slice(page.search(new RegExp(`^\\| ${heading} `, 'm')))
    .split('\n\n', 1)[0]!
    .split('\n');
  const cells = lines.map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
  return cells.filter((_, at) => at !== 1);
}

test('the page says what each role may do', () => {
  const roles = loadRoles(allPermissions, {});
  const permissions = [...allPermissions].sort();
  expect(table('permission')).toEqual([
    ['permission', ...builtInRoles],
    ...permissions.map((permission) => [
      `\`${permission}\``,
      ...builtInRoles.map((role) => (roles.get(role)!.has(permission) ? 'yes' : '')),
    ]),
  ]);
});

test('the page names every metric that a gateway has, and no other', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'netweave-operating-'));
  const tls = { certificate: join(folder, 'tls.crt'), key: join(folder, 'tls.key') };
  const { certificate, key } = selfSigned('gateway');
  writeFileSync(tls.certificate, certificate);
  writeFileSync(tls.key, key);
  const gateway = await openGatewayUnderTest({
    simulators: { sim: { embedded: { size: 20 } } },
    yaml: `tls: ${JSON.stringify(tls)}`,
  });
  try {
    const metrics = await new Promise<string>((resolve, reject) => {
      request(`${gateway.url}/metrics`, { ca: certificate, agent: false }, (response) => {
        text(response).then(resolve, reject);
      })
        .on('error', reject)
        .end();
    });
    const families = [...metrics.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name!);
    const own = families.filter((name) => !/^(process|nodejs)_/.test(name));
    const told = table('metric')
      .slice(1)
      .map(([name]) => name!.replaceAll('`', ''));
    expect(own.length).toBeGreaterThan(10);
    expect([...told].sort()).toEqual([...own].sort());
  } finally {
    await gateway.close();
    rmSync(folder, { recursive: true });
  }
});
