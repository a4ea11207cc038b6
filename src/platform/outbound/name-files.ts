import { readFile, stat } from 'node:fs/promises';
import { isIP } from 'node:net';

/** Paths of the files in which a machine says how names are resolved. */
export interface NameFiles {
  readonly hosts: string;
  readonly resolver: string;
}

/** The addresses that hosts(5) gives to a name. */
export function hostsFile(path: string): (name: string) => Promise<readonly string[]> {
  const hosts = followed(path, (lines) => {
    const known = new Map<string, string[]>();
    for (const [address = '', ...names] of lines)
      for (const name of isIP(address) ? names : []) {
        const addresses = known.get(name.toLowerCase()) ?? [];
        known.set(name.toLowerCase(), [...addresses, address]);
      }
    return known;
  });
  return async (name) => (await hosts()).get(name) ?? [];
}

/** The names that resolv.conf(5) has asked for one that is given (`search`, `domain`, `ndots`), in order. */
export function searchOf(path: string): (name: string) => Promise<readonly string[]> {
  const settings = followed(path, (lines) => {
    let [domains, dots]: [readonly string[], number] = [[], 1];
    for (const [word, ...rest] of lines) {
      if (word === 'search' || word === 'domain') domains = rest.filter((each) => each !== '.');
      const option = word === 'options' ? rest.find((each) => /^ndots:\d+$/.test(each)) : undefined;
      if (option) dots = Math.min(15, Number(option.slice('ndots:'.length)));
    }
    return { domains, dots };
  });
  return async (name) => {
    const { domains, dots } = await settings();
    const below = domains.map((domain) => `${name}.${domain}`);
    return name.split('.').length > dots ? [name, ...below] : [...below, name];
  };
}

/** What is made of a file's lines, made again when it has changed; of none when there is no such file. */
function followed<T>(path: string, make: (lines: readonly (readonly string[])[]) => T): () => Promise<T> {
  let known: { readonly at: number; readonly made: T } | undefined;
  return async () => {
    const at = await stat(path).then(
      ({ mtimeMs }) => mtimeMs,
      () => -1,
    );
    if (known?.at === at) return known.made;
    const text = at === -1 ? '' : await readFile(path, 'utf8').catch(() => '');
    const lines = text.split('\n').map((line) =>
      line
        .replace(/[#;].*/, '')
        .trim()
        .split(/\s+/),
    );
    const made = make(lines);
    known = { at, made };
    return made;
  };
}
