import type { DocumentNode } from 'graphql';
import { LRUCache } from 'lru-cache';

/** Of memory for documents that are kept parsed and validated; a parsed document takes some 170 bytes a character. */
const cacheBytes = 32 * 1024 * 1024;
const perCharacter = 170;

/** Of memory, about. */
export function bytesOf(document: DocumentNode): number {
  return document.loc!.end * perCharacter + 1024;
}

/** Documents that Apollo has parsed and found valid. */
export interface DocumentCache {
  /** Where Apollo keeps them, under keys of its own. */
  readonly store: {
    get(key: string): Promise<DocumentNode | undefined>;
    set(key: string, document: DocumentNode): Promise<void>;
    delete(key: string): Promise<boolean>;
  };
  /** The document of this text; undefined when it is not known to be valid. */
  find(text: string): DocumentNode | undefined;
}

export function documentCache(): DocumentCache {
  const keys = new Map<string, string>();
  const textOf = (document: DocumentNode) => document.loc!.source.body;
  const documents = new LRUCache<string, DocumentNode>({
    maxSize: cacheBytes,
    sizeCalculation: bytesOf,
    dispose: (document) => void keys.delete(textOf(document)),
  });
  return {
    store: {
      get: (key) => Promise.resolve(documents.get(key)),
      set(key, document) {
        documents.set(key, document);
        if (documents.has(key)) keys.set(textOf(document), key);
        return Promise.resolve();
      },
      delete: (key) => Promise.resolve(documents.delete(key)),
    },
    find(text) {
      const key = keys.get(text);
      return key === undefined ? undefined : documents.get(key);
    },
  };
}
