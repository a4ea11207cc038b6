import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { Fault } from '#schema/errors.js';
import { kubernetesConfig } from './config.js';
import { loadCredentials } from './credentials.js';
import { type FakeApiServer, kubeconfigOf, startFakeApiServer } from './testing/fake-api-server.js';
import { createRequest } from './reflector/request.js';

let folder: string;
let fake: FakeApiServer;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'netweave-credentials-'));
  fake = await startFakeApiServer();
});
afterEach(async () => {
  await fake.close();
  rmSync(folder, { recursive: true });
});

function write(text: string): string {
  const path = join(folder, 'kubeconfig');
  writeFileSync(path, text);
  return path;
}

const clusterAnd = (more: string) => `clusters: [{name: a, cluster: {server: 'https://127.0.0.1:1'}}]\n${more}\n`;

const load = (config: object) => loadCredentials(kubernetesConfig.parse(config));

async function refused(config: object): Promise<Fault> {
  const fault = await load(config).catch((error: unknown) => error);
  expect(fault).toBeInstanceOf(Fault);
  expect((fault as Fault).code).toBe('INVALID');
  return fault as Fault;
}

async function get(request: ReturnType<typeof createRequest>): Promise<void> {
  const response = await request({ path: '/version', signal: AbortSignal.timeout(5_000), answerWithin: 5_000 });
  response.resume();
}

describe('loadCredentials', () => {
  test('says which file does not parse and where, without showing its lines', async () => {
    const kubeconfig = write('apiVersion: v1\nusers:\n- name: a\n  user: {token: s3cr3t-t0ken, : [}\n');
    const { message } = await refused({ kubeconfig });
    expect(message).toContain(kubeconfig);
    expect(message).toMatch(/line \d/);
    expect(message).not.toContain('s3cr3t');
  });

  test.each([
    ['a missing file', '', 'ENOENT'],
    ['no object', 'just text', 'it has no clusters and no contexts'],
    ['another document', '{"name": "netweave", "version": "1"}', 'it has no clusters and no contexts'],
    ['a binary', '\u0000\u0001', 'cannot be used'],
    [
      'no current context',
      clusterAnd('contexts: [{name: b, context: {cluster: a}}]'),
      "--context or options.context; it has 'b'",
    ],
    [
      'a current context that it lacks',
      clusterAnd('current-context: c\ncontexts: [{name: b, context: {cluster: a}}]'),
      "no context 'c'",
    ],
    [
      'a context of another cluster',
      clusterAnd('current-context: b\ncontexts: [{name: b, context: {cluster: z}}]'),
      "no cluster 'z'",
    ],
    ['nothing', '# empty', 'cannot be used'],
    ['a cluster without server', 'clusters: [{name: a, cluster: {}}]', 'server is missing'],
    ['plain HTTP', kubeconfigOf('http://127.0.0.1:1').replace('true', 'false'), 'insecure-skip-tls-verify'],
  ])('refuses %s', async (what, text, expected) => {
    const kubeconfig = what === 'a missing file' ? join(folder, 'none') : write(text);
    expect((await refused({ kubeconfig })).message).toContain(expected);
  });

  test('names the contexts there are when the wanted one is missing', async () => {
    const { message } = await refused({ kubeconfig: write(kubeconfigOf(fake.url)), context: 'other' });
    expect(message).toContain("no context 'other'; it has 'fake'");
  });

  test('refuses inCluster outside of a pod', async () => {
    expect((await refused({ inCluster: true })).message).toContain('KUBERNETES_SERVICE_HOST');
  });

  test('asks an exec plugin once, and again after a 401', async () => {
    const counter = join(folder, 'runs');
    const script = `echo x >> ${counter}; n=$(wc -l < ${counter}); echo '{"status":{"token":"token-'$n'"}}'`;
    const exec = { apiVersion: 'client.authentication.k8s.io/v1', command: '/bin/sh', args: ['-c', script] };
    const credentials = await load({ kubeconfig: write(kubeconfigOf(fake.url, { exec })) });
    const request = createRequest(credentials);
    await Promise.all([get(request), get(request), get(request)]);
    expect(fake.headers.authorization).toBe('Bearer token-1');
    fake.fail('any', 401, 'Unauthorized');
    await expect(get(request)).rejects.toMatchObject({ status: 401, reason: 'Unauthorized' });
    await get(request);
    expect(fake.headers.authorization).toBe('Bearer token-2');
    credentials.close();
  });
});

describe('the configuration', () => {
  test('wants a kubeconfig or the pod, not both and not neither', () => {
    expect(kubernetesConfig.safeParse({}).success).toBe(false);
    expect(kubernetesConfig.safeParse({ kubeconfig: 'a', inCluster: true }).success).toBe(false);
    expect(kubernetesConfig.safeParse({ inCluster: true }).success).toBe(true);
  });

  test('takes references for the profile, never material', () => {
    const profile = {
      user: 'admin',
      caCertRef: 'configmap:a/b#ca.crt',
      certRef: 'secret:a/b#tls.crt',
      keyRef: 'secret:a/b#tls.key',
    };
    expect(kubernetesConfig.safeParse({ inCluster: true, profile }).success).toBe(true);
    const material = { ...profile, keyRef: '-----BEGIN PRIVATE KEY-----' };
    expect(kubernetesConfig.safeParse({ inCluster: true, profile: material }).success).toBe(false);
  });
});
