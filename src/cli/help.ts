export const help = `netweave: an O-RAN O2 gateway over REST, GraphQL and tRPC

Usage:
  netweave [start] [options]       Run the gateway; without a configuration, a demonstration of a simulated O-Cloud
  netweave config check [options]  Say whether the configuration is good, and if not, everything that is wrong with it
  netweave config print [options]  Print the configuration as it takes effect, without secrets
  netweave instance list           List the backends that the store knows; the gateway must not run
  netweave instance remove KEY     Delete what is kept of a backend that the configuration no longer names, and no gateway reads
  netweave key accept              Make the store one of the configured key, when its own is lost: forgets the secrets of
                                   subscriptions that no longer can be read, and names these; the gateway must not run
  netweave backup FILE [options]   Write what a running gateway owns (subscriptions, their secrets, dead letters) to FILE;
                                   an earlier backup of the same O-Cloud is replaced, any other file is left alone
  netweave restore FILE [--replace] [options]
                                   Give it to a running gateway; --replace: also where something newer stands
  netweave help | version

Options:
  -c, --config FILE      The configuration (YAML); NETWEAVE_CONFIG names one too
      --host ADDRESS     Listen on this address          (listen.host)
  -p, --port NUMBER      Listen on this port; 0 is free  (listen.port)
      --memory           Keep nothing on disk            (store.memory)
      --runs WORDS       Of api,watch,deliver, what this process does  (runs)
      --kubeconfig FILE  Take a Kubernetes cluster as backend
      --context NAME     The context of the kubeconfig, if not the current one
      --url URL          The running gateway, for backup and restore; without it the one on this machine that the
                         configuration makes (listen, tls)
      --replace          Let a restored subscription take the place of one that stands differently
  -h, --help             Show this
  -v, --version          Show the version

Every setting can come from the environment too: NETWEAVE_LISTEN_PORT=9000, or NETWEAVE_KEY_FILE=/run/secrets/key.
Flags outrank the environment, the environment outranks the file. All settings: docs/configuration.md

Backup and restore show the token in NETWEAVE_TOKEN, or in the file that NETWEAVE_TOKEN_FILE names.

Exit codes: 0 done, 1 unforeseen, 2 wrong arguments or configuration, 3 cannot listen, 4 cannot open the store,
  or it is of another key, 5 cannot back up or restore
`;
