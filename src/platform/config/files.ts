import { accessSync, constants, existsSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { z } from 'zod';
import type { $ZodTypes } from 'zod/v4/core';
import { Fault } from '#schema/errors.js';
import { readCertificate } from '../certificate.js';
import { openKeys } from '../keys.js';
import { childModels, layers, type AdapterModels } from './model-walk.js';
import { ConfigurationModel, type Configuration } from './model.js';
import type { Broken, Rule } from './rules.js';

// Under the name that zod-openapi extends too: TypeScript forgets extensions made under several names.
declare module 'zod/v4' {
  interface GlobalMeta {
    /** A path that a start opens: read it, or append to it. */
    file?: 'read' | 'append';
  }
}

type Path = readonly (string | number)[];

interface Named {
  readonly path: Path;
  readonly file: string;
  readonly use: 'read' | 'append';
}

/** What the files that a configuration names must be like for a start: one rule for each of its parts. */
export function filesAtHand(adapters: AdapterModels): readonly Rule[] {
  const parts = Object.entries(ConfigurationModel.shape) as [keyof Configuration, $ZodTypes][];
  const rules = parts.map(([name, model]): Rule => ({
    name: `files-of-${name}`,
    *check(configuration) {
      if (!isUsed(name, configuration)) return;
      for (const { path, file, use } of filesIn(configuration[name], layers(model), adapters, [name])) {
        const why = use === 'read' ? unreadable(file) : notAppendable(file);
        if (why !== undefined) yield { path, message: why };
      }
    },
  }));
  return [...rules, certificate, key];
}

function isUsed(name: keyof Configuration, { runs, accessLog }: Configuration): boolean {
  if (name === 'tls') return runs.includes('api');
  return name !== 'accessLog' || accessLog.enabled;
}

function filesIn(value: unknown, models: readonly $ZodTypes[], adapters: AdapterModels, path: Path): readonly Named[] {
  const use = models.map((model) => z.globalRegistry.get(model as unknown as z.ZodType)?.file).find(Boolean);
  if (use && typeof value === 'string') return [{ path, file: value, use }];
  if (value === null || typeof value !== 'object') return [];
  // Of a backend that is not enabled nothing is opened.
  if (path[0] === 'backends' && path.length === 2 && (value as { enabled?: unknown }).enabled === false) return [];
  const entries: readonly (readonly [string | number, unknown])[] = Array.isArray(value)
    ? [...value.entries()]
    : Object.entries(value);
  return entries.flatMap(([step, each]) =>
    filesIn(each, childModels(models, step, value, adapters), adapters, [...path, step]),
  );
}

function unreadable(file: string): string | undefined {
  return why(() => {
    accessSync(file, constants.R_OK);
    if (statSync(file).isDirectory()) throw new Error('it is a folder');
  }, `The file '${file}' cannot be read`);
}

function notAppendable(file: string): string | undefined {
  const target = existsSync(file) ? file : dirname(resolve(file));
  return why(() => accessSync(target, constants.W_OK), `Nothing can be written to '${file}'`);
}

/** What is read to be judged: a pipe can be read but once, by the start itself. */
const isPlain = (file: string): boolean => existsSync(file) && statSync(file).isFile() && !unreadable(file);

/** Together they are judged when each can be read; until then, each is named alone. */
const certificate: Rule = {
  name: 'certificate-and-key-fit',
  *check({ tls, runs }) {
    if (!tls || !runs.includes('api') || !isPlain(tls.certificate) || !isPlain(tls.key)) return;
    yield* faultOf(['tls'], () => readCertificate(tls));
  },
};

const key: Rule = {
  name: 'a-key-file-holds-a-key',
  *check({ mode, keyFile, store }) {
    if (keyFile === undefined || !isPlain(keyFile)) return;
    yield* faultOf(['keyFile'], () => openKeys({ mode, key: undefined, keyFile, store }));
  },
};

/** For a look without a start: a start tells by trying, and ends with a code of its own. */
export const storeAtHand: Rule = {
  name: 'the-store-can-be-written',
  *check({ store: { file, memory, redis } }) {
    if (memory || redis) return;
    let folder = dirname(resolve(file));
    while (!existsSync(folder)) folder = dirname(folder);
    const message = why(() => {
      if (!statSync(folder).isDirectory()) throw new Error(`'${folder}' is no folder`);
      for (const each of existsSync(file) ? [folder, file] : [folder]) accessSync(each, constants.W_OK);
    }, `The store '${file}' cannot be written`);
    if (message !== undefined) yield { path: ['store', 'file'], message };
  },
};

function why(attempt: () => void, failing: string): string | undefined {
  try {
    attempt();
    return undefined;
  } catch (error) {
    return `${failing} (${(error as Error).message}).`;
  }
}

function* faultOf(path: Path, attempt: () => unknown): Iterable<Broken> {
  try {
    attempt();
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    yield { path, message: error.message };
  }
}
