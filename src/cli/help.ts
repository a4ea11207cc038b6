import { readFileSync } from 'node:fs';

export const help = `netweave: an O-RAN O2 gateway over REST, GraphQL and tRPC

Usage:
  netweave [start] [options]       Run the gateway; without a configuration, a demonstration of a simulated O-Cloud
  netweave config check [options]  Say whether the configuration is good, and if not, everything that is wrong with it
  netweave config print [options]  Print the configuration as it takes effect, without secrets
  netweave instance list           List the backends that the store knows; the gateway must not run
  netweave instance remove KEY     Delete what is kept of a backend that the configuration no longer names
  netweave help | version

Options:
  -c, --config FILE      The configuration (YAML); NETWEAVE_CONFIG names one too
      --host ADDRESS     Listen on this address          (listen.host)
  -p, --port NUMBER      Listen on this port; 0 is free  (listen.port)
      --memory           Keep nothing on disk            (store.memory)
      --runs WORDS       Of api,watch,deliver, what this process does  (runs)
      --kubeconfig FILE  Take a Kubernetes cluster as backend
      --context NAME     The context of the kubeconfig, if not the current one
  -h, --help             Show this
  -v, --version          Show the version

Every setting can come from the environment too: NETWEAVE_LISTEN_PORT=9000, or NETWEAVE_KEY_FILE=/run/secrets/key.
Flags outrank the environment, the environment outranks the file. All settings: docs/configuration.md

Exit codes: 0 done, 1 unforeseen, 2 wrong arguments or configuration, 3 cannot listen, 4 cannot open the store
`;

export function version(): string {
  const text = readFileSync(new URL('../../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
