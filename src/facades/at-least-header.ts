/** By which a caller asks for what is true at a position or later: what it wrote through another gateway it reads here. */
export const atLeastHeader = 'X-Netweave-At-Least';
