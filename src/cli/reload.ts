import type { Configuration } from '../platform/config/model.js';
import type { Logger } from '../platform/logger.js';
import type { Gateway } from '../gateway/gateway.js';

/**
 * Reads the configuration again on SIGHUP and takes over who may call: tokens and roles. Everything else stands until the next
 * start. A configuration that cannot be used changes nothing and is logged.
 */
export function reloadOnHangUp(read: () => Configuration, gateway: Gateway, logger: Logger): void {
  process.on('SIGHUP', () => {
    try {
      const { tokens, roles } = read();
      gateway.replaceClients({ tokens, roles });
      logger.info({ tokens: tokens.length }, 'Tokens and roles were read again.');
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      logger.error({ reason }, 'The configuration cannot be used: tokens and roles stay as they were.');
    }
  });
}
