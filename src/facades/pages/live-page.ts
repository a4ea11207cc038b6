import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Fixed } from './fixed.js';
import { contentSecurityPolicy, html } from './html.js';

const objects = ['ResourcePool', 'Resource', 'ResourceType', 'DeploymentManager', 'OCloudSite', 'Location'];

const counts = objects.map((name) => `<div><dt>${name}</dt><dd id="count-${name}">–</dd></div>`).join('\n');

const body = `
<header>
<h1>O-Cloud, live</h1>
<output id="state" aria-live="polite">Connecting …</output>
<form id="sign-in"><label>Token <input id="token" type="password" autocomplete="off"></label> <button>Use</button></form>
</header>
<dl>${counts}</dl>
<table>
<caption>Latest of <span id="told">0</span> changes</caption>
<thead><tr><th scope="col">Noticed</th><th scope="col">Change</th><th scope="col">Object</th><th scope="col">Name</th><th scope="col">What</th></tr></thead>
<tbody id="changes"></tbody>
</table>
<p><a href="/graphql">GraphQL</a> <a href="/docs">API docs</a></p>
`;

/** Files of a page of ours, as they stand in the sources: dist holds what is compiled, and nothing else. */
const folder = join(import.meta.dirname, '../../../../src/facades/pages/live');

/** `/live`: the O-Cloud changing. The first piece of a console. */
export function livePage(): Readonly<Record<string, Fixed>> {
  const page = html({ title: 'netweave: live', styles: ['/live/live.css'], scripts: ['/live/live.js'], body });
  const headers = { 'Content-Security-Policy': contentSecurityPolicy({}), 'Referrer-Policy': 'no-referrer' };
  return {
    '/live': { type: 'text/html; charset=utf-8', content: async () => page, headers },
    '/live/live.js': { type: 'text/javascript; charset=utf-8', content: () => readFile(join(folder, 'live.js')) },
    '/live/live.css': { type: 'text/css; charset=utf-8', content: () => readFile(join(folder, 'live.css')) },
  };
}
