import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { launch, type Browser, type Page } from 'puppeteer-core';

const places = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** Where pages are photographed; not kept in the repository. */
const shots = join(import.meta.dirname, '../../../.netweave/screenshots');

/** A page that keeps account of what it must not do. */
export interface Visit {
  readonly page: Page;
  /** Errors of scripts and of the content policy, and failed requests. */
  readonly complaints: readonly string[];
  /** Requests that went elsewhere than to the gateway. */
  readonly outside: readonly string[];
  shot(name: string): Promise<void>;
}

export async function openBrowser(): Promise<Browser> {
  const executablePath = process.env['NETWEAVE_CHROMIUM'] ?? places.find((place) => existsSync(place));
  if (executablePath === undefined) throw new Error(`No Chromium at ${places.join(', ')}: apt-get install chromium.`);
  // Chromium refuses to sandbox for root.
  const args = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  return launch({ executablePath, args });
}

export async function visit(browser: Browser, url: string): Promise<Visit> {
  // Nothing of an earlier visit: GraphiQL remembers what was asked.
  const page = await (await browser.createBrowserContext()).newPage();
  await page.setViewport({ width: 1200, height: 800 });
  const complaints: string[] = [];
  const outside: string[] = [];
  page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('request', (request) => {
    const { origin, protocol } = new URL(request.url());
    if (protocol.startsWith('http') && origin !== new URL(url).origin) outside.push(request.url());
  });
  await page.goto(url);
  return {
    page,
    complaints,
    outside,
    async shot(name) {
      mkdirSync(shots, { recursive: true });
      await page.screenshot({ path: join(shots, `${name}.png`) });
    },
  };
}
