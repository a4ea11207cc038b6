import { member } from './model-walk.js';
import type { Override } from './overrides.js';

/** What the command line sets. */
export interface Flags {
  readonly host?: string;
  readonly port?: number;
  readonly memory?: boolean;
  /** Words with commas between. */
  readonly runs?: string;
  /** Adds a Kubernetes backend, or changes the one with the key `kubernetes`. */
  readonly kubeconfig?: string;
  readonly context?: string;
}

export function flagOverrides(flags: Flags, value: unknown): readonly Override[] {
  const overrides: Override[] = [];
  const set = (source: string, path: Override['path'], to: unknown) => {
    if (to !== undefined) overrides.push({ path, value: to, source });
  };
  set('--host', ['listen', 'host'], flags.host);
  set('--port', ['listen', 'port'], flags.port);
  set('--runs', ['runs'], flags.runs);
  set('--memory', ['store', 'memory'], flags.memory);
  if (flags.kubeconfig !== undefined) {
    const backends = member(value, 'backends');
    const listed: readonly unknown[] = Array.isArray(backends) ? backends : [];
    const found = listed.findIndex((backend) => member(backend, 'key') === 'kubernetes');
    const at = ['backends', found >= 0 ? found : listed.length];
    if (found < 0) set('--kubeconfig', at, { key: 'kubernetes', type: 'kubernetes', title: 'Kubernetes', options: {} });
    set('--kubeconfig', [...at, 'options', 'kubeconfig'], flags.kubeconfig);
    set('--context', [...at, 'options', 'context'], flags.context);
  }
  return overrides;
}
