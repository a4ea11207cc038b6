import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { sdl } from './facades/graphql/sdl.js';
import { openApiDocuments } from './facades/rest/open-api.js';
import { configurationPage } from './platform/config/reference.js';
import { routesOf } from './facades/rest/routes.js';
import { allOperations } from './operations/operations.js';

const settingsPage = 'docs/configuration.md';
const publicUrl = 'https://o2.example';

/** What is made from models, presenters and operations and committed, so that a change of an API is a diff. */
function emitted(): ReadonlyMap<string, string> {
  const documents = openApiDocuments(
    routesOf(allOperations, () => true),
    publicUrl,
  );
  const openApi = Object.entries(documents).map(
    ([name, document]) => [join('openapi', name), `${JSON.stringify(document, null, 2)}\n`] as const,
  );
  const settings = configurationPage(current(settingsPage) ?? '');
  return new Map([['schema/schema.graphql', sdl()], [settingsPage, settings], ...openApi]);
}

function current(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

const files = emitted();
const checking = process.argv.includes('--check');
const stale = [...files].filter(([file, text]) => current(file) !== text).map(([file]) => file);
const orphans = (existsSync('openapi') ? readdirSync('openapi') : [])
  .map((name) => join('openapi', name))
  .filter((file) => !files.has(file));
if (checking) {
  for (const file of stale) console.error(`${file} is stale; run \`npm run emit\` and commit it.`);
  for (const file of orphans) console.error(`${file} is made by nobody; delete it.`);
  process.exitCode = stale.length + orphans.length > 0 ? 1 : 0;
} else {
  for (const file of stale) {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, files.get(file)!);
    console.log(`wrote ${file}`);
  }
}
