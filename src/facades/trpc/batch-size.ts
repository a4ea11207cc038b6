/** Most calls in one batch: the server takes no more, the client sends no more. */
export const batchSize = 20;
