import { Agent, request as httpsRequest } from 'node:https';

/** The API server answered 400 or above. */
class ApiError extends Error {
  readonly status: number;
  /** Kubernetes' own word for it: `NotFound`, `Expired`, `Forbidden` …; empty when it gave none. */
  readonly reason: string;

  constructor(what: string, status: number, body: string) {
    const { reason, message } = statusOf(body);
    super(`${what} answered ${status}${reason && ` ${reason}`}: ${message}`);
    this.name = 'ApiError';
    this.status = status;
    this.reason = reason;
  }
}

function statusOf(body: string): { reason: string; message: string } {
  try {
    const { reason = '', message = body } = JSON.parse(body) as { reason?: string; message?: string };
    return { reason, message };
  } catch {
    return { reason: '', message: body };
  }
}

export interface ApiClient {
  /** The body as text; throws `ApiError` from 400 on. `body` is sent as JSON unless it is text already. */
  text(method: string, path: string, body?: unknown, contentType?: string): Promise<string>;
  /** The same, parsed. A PATCH is a merge patch unless `contentType` says otherwise. */
  json<T = unknown>(method: string, path: string, body?: unknown, contentType?: string): Promise<T>;
  close(): void;
}

/** A Kubernetes client that does nothing of its own: no retry, no cache, no time-out. `ca` is PEM. */
export function apiClient(url: string, ca: string, token: string): ApiClient {
  const agent = new Agent({ keepAlive: true, ca });
  const text: ApiClient['text'] = (method, path, body, contentType) =>
    new Promise((resolve, reject) => {
      const type = contentType ?? (method === 'PATCH' ? 'application/merge-patch+json' : 'application/json');
      const payload = body === undefined || typeof body === 'string' ? body : JSON.stringify(body);
      const headers: Record<string, string | number> = { authorization: `Bearer ${token}`, accept: 'application/json' };
      if (payload !== undefined) {
        headers['content-type'] = type;
        headers['content-length'] = Buffer.byteLength(payload);
      }
      const sent = httpsRequest(new URL(path, url), { method, agent, headers }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.once('error', reject);
        response.once('end', () => {
          const answer = Buffer.concat(chunks).toString();
          const status = response.statusCode ?? 0;
          if (status >= 400) reject(new ApiError(`${method} ${path}`, status, answer));
          else resolve(answer);
        });
      });
      sent.once('error', (cause) => reject(new Error(`${method} ${path} got no answer: ${cause.message}`, { cause })));
      sent.end(payload);
    });
  return {
    text,
    json: async <T>(...args: Parameters<typeof text>) => JSON.parse(await text(...args)) as T,
    close: () => agent.destroy(),
  };
}
