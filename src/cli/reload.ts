import type { Configuration } from '../platform/config/model.js';
import type { Logger } from '../platform/logger.js';
import type { Gateway } from '../gateway/gateway.js';

/**
 * Reads the configuration again on SIGHUP and takes over who may call: tokens and roles. Everything else stands until the next
 * start. A configuration that cannot be used changes nothing and is logged.
 */
export function reloadOnHangUp(read: () => Configuration, standing: () => Gateway | undefined, logger: Logger): void {
  process.on('SIGHUP', () => {
    const gateway = standing();
    if (!gateway) return logger.warn('The gateway is still starting: tokens and roles are not read again.');
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
