import type { Configuration } from '../platform/config/model.js';
import type { Logger } from '../platform/logger.js';
import type { Gateway } from '../gateway/gateway.js';

/**
 * Reads the configuration again on SIGHUP and takes over who may call: tokens and roles. Everything else stands until the next
 * start. A configuration that cannot be used changes nothing and is logged. Answers what is to be told of the gateway once it
 * stands: a SIGHUP that came before is followed then.
 */
export function reloadOnHangUp(read: () => Configuration, logger: Logger): (gateway: Gateway) => void {
  let standing: Gateway | undefined;
  let early = false;
  const reload = (gateway: Gateway) => {
    try {
      const { tokens, roles } = read();
      gateway.replaceClients({ tokens, roles });
      logger.info({ clients: tokens.length }, 'Tokens and roles were read again.');
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      logger.error({ reason }, 'The configuration cannot be used: tokens and roles stay as they were.');
    }
  };
  process.on('SIGHUP', () => {
    if (standing) return reload(standing);
    early = true;
    logger.info('The gateway is still starting: tokens and roles are read again as soon as it stands.');
  });
  return (gateway) => {
    standing = gateway;
    if (early) reload(gateway);
  };
}
