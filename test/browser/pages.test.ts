import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import type { Browser } from 'puppeteer-core';
import { openGatewayUnderTest, until, type GatewayUnderTest } from '../gateway-under-test.js';
import { connectLive } from '../live/live-client.js';
import { startTcpProxy } from '../peers/tcp-proxy.js';
import { openBrowser, visit, type Visit } from './browser.js';

let gateway: GatewayUnderTest;
let browser: Browser;
let visited: Visit;

beforeAll(async () => {
  gateway = await openGatewayUnderTest({
    simulators: { sim: { embedded: { seed: 2, size: 60, pools: 3, changesPerSecond: 5 } } },
  });
  browser = await openBrowser();
});
afterEach(async () => {
  expect(visited.outside).toEqual([]);
  await visited.page.close();
});
afterAll(async () => {
  await browser.close();
  await gateway.close();
});

/** GraphiQL's editor, as far as a test touches it. */
interface Editor {
  setValue(text: string): void;
  /** What it has understood of the text so far: by this it tells a subscription from a query. */
  readonly documentAST?: { readonly loc?: { readonly source: { readonly body: string } } };
}

/** Puts a document into GraphiQL and runs it. */
async function runInGraphiql(text: string): Promise<void> {
  const { page } = visited;
  const editor = await page.waitForSelector('.graphiql-query-editor .CodeMirror');
  const touch = (element: unknown, document?: string) => {
    const { CodeMirror } = element as { readonly CodeMirror: Editor };
    if (document !== undefined) CodeMirror.setValue(document);
    return CodeMirror.documentAST?.loc?.source.body;
  };
  await page.evaluate(touch, editor, text);
  // It reads what was typed a moment later, and not before it has the schema.
  await until(async () => (await page.evaluate(touch, editor)) === text);
  await page.click('.graphiql-execute-button');
}

const answered = (): Promise<string> => visited.page.$eval('.result-window', (found) => found.textContent ?? '');

test('GraphiQL runs a query', async () => {
  visited = await visit(browser, `${gateway.url}/graphql`);
  await runInGraphiql('{ resourcePools { totalCount } }');
  await until(async () => (await answered()).includes('totalCount'));
  expect((await answered()).replace(/\D/g, '')).toContain('3');
  expect(visited.complaints).toEqual([]);
}, 60_000);

test('GraphiQL runs a subscription, and shows what changes meanwhile', async () => {
  visited = await visit(browser, `${gateway.url}/graphql`);
  await runInGraphiql('subscription { resourceChanged { change id object { description } changed position } }');
  await until(async () => (await answered()).includes('MODIFIED'));
  await visited.shot('graphiql-subscription');
  expect(visited.complaints).toEqual([]);
}, 60_000);

test('Swagger UI shows what can be called', async () => {
  visited = await visit(browser, `${gateway.url}/docs`);
  await visited.page.waitForSelector('.opblock');
  expect(await visited.page.$$eval('.opblock', (found) => found.length)).toBeGreaterThan(5);
  expect(visited.complaints).toEqual([]);
}, 60_000);

test('Swagger UI tries out an operation: the gateway answers, as the page shows', async () => {
  visited = await visit(browser, `${gateway.url}/docs?document=netweave-v1.json`);
  const { page } = visited;
  const block = '.opblock-get:has([data-path="/netweave/v1/resourcePools"])';
  await page.locator(`${block} .opblock-summary-control`).click();
  await page.locator(`${block} .try-out__btn`).click();
  const answer = page.waitForResponse((each) => each.url().includes('/netweave/v1/resourcePools'));
  await page.locator(`${block} .execute`).click();
  const sent = await answer;
  expect([new URL(sent.url()).origin, sent.request().method(), sent.status()]).toEqual([gateway.url, 'GET', 200]);
  const shown = await page.waitForSelector(`${block} .live-responses-table .response`);
  const [status, body] = await shown!.evaluate((row) => [
    row.querySelector('.response-col_status')?.textContent,
    row.querySelector('.highlight-code')?.textContent,
  ]);
  expect(status).toMatch(/^200/);
  expect(body).toContain('resourcePoolId');
  await visited.shot('swagger-ui-tried');
  expect(visited.complaints).toEqual([]);
}, 60_000);

// As text: these sources know no DOM.
const inlineScript = `new Promise((resolve) => {
  document.addEventListener('securitypolicyviolation', (event) => resolve(event.effectiveDirective));
  const script = document.createElement('script');
  script.textContent = 'document.title = "taken over"';
  document.body.append(script);
})`;

test.each(['/docs', '/graphql', '/live'])(
  '%s runs nothing that its policy does not name',
  async (path) => {
    visited = await visit(browser, `${gateway.url}${path}`);
    const { page } = visited;
    const violated = await page.evaluate(inlineScript);
    expect(violated).toBe('script-src-elem');
    expect(await page.title()).not.toBe('taken over');
  },
  60_000,
);

const positionsShown = (): Promise<readonly string[]> =>
  visited.page.$$eval('#changes tr', (rows) =>
    rows.map((row) => (row as unknown as { dataset: { position: string } }).dataset.position).reverse(),
  );

const count = async (): Promise<number> => Number(await visited.page.$eval('#told', (found) => found.textContent));

test('/live shows what changes, and after a cut connection everything that changed meanwhile', async () => {
  const proxy = await startTcpProxy(Number(new URL(gateway.url).port));
  const witness = await connectLive(gateway);
  witness.subscribe('1', 'subscription { changes { ... on Change { position } } }');
  try {
    visited = await visit(browser, `http://127.0.0.1:${proxy.port}/live`);
    await until(async () => (await count()) > 3);
    for (const more of [5, 10]) {
      const before = await count();
      proxy.refuse();
      proxy.reset();
      await new Promise((resolve) => setTimeout(resolve, 1500));
      await proxy.accept();
      await until(async () => (await count()) > before + more);
    }
    await visited.shot('live');
    const shown = await positionsShown();
    const told = witness
      .of('1')
      .map(
        (message) =>
          (message as { payload: { data: { changes: { position: string } } } }).payload.data.changes.position,
      );
    const from = told.indexOf(shown[0]!);
    expect(shown.length).toBeGreaterThan(15);
    expect(shown).toEqual(told.slice(from, from + shown.length));
    expect(await visited.page.$eval('#state', (found) => found.textContent)).toMatch(
      /^Connected again; resumed at \d+\./,
    );
    expect(await visited.page.$eval('#count-ResourcePool', (found) => found.textContent)).toBe('3');
    // What failed while nobody listened, and nothing else.
    expect(visited.complaints.filter((text) => !/ERR_CONNECTION|WebSocket connection/.test(text))).toEqual([]);
  } finally {
    witness.socket.terminate();
    proxy.close();
  }
}, 90_000);
