import { z } from 'zod';

const port = z.int().min(0).max(65_535);
/** Four numbers are an address, and no name that a resolver could know. */
const host = z
  .string()
  .min(1)
  .max(255)
  .refine((text) => !/^\d+(\.\d+){3}$/.test(text) || text.split('.').every((number) => Number(number) <= 255), {
    error: ({ input }) => `'${String(input)}' is no address: each of its four numbers is from 0 to 255.`,
  });
const path = z.string().min(1).max(4096);

function isOrigin(text: string): boolean {
  return text === '*' || (URL.canParse(text) && new URL(text).origin === text);
}

export const Listen = z.strictObject({
  host: host.default('127.0.0.1').describe('Address to listen on; development accepts loopback addresses only.'),
  port: port.default(8080).describe('Port to listen on; 0 takes a free one and logs it.'),
});

export const Tls = z
  .strictObject({
    certificate: path
      .describe('PEM file: the certificate, then its intermediates. Read again when it changes.')
      .meta({ file: 'read' }),
    key: path
      .describe('PEM file with the private key of the certificate, not encrypted. Read again when it changes.')
      .meta({ file: 'read' }),
  })
  .describe('HTTPS (TLS 1.2 and 1.3). Without it the port speaks plain HTTP.');

export const Cors = z.strictObject({
  origins: z
    .array(z.string().refine(isOrigin, 'Needs an origin without a path (`https://console.example`), or `*`.'))
    .default([])
    .describe(
      'Origins (`https://console.example`) that browsers may call from, by HTTP and WebSocket; `*` allows all.',
    ),
  credentials: z.boolean().default(false).describe('Whether browsers may send cookies and client certificates along.'),
});

export const AccessLog = z.strictObject({
  enabled: z.boolean().default(true).describe('One JSON line for each request.'),
  file: path
    .optional()
    .describe('File to append to, opened anew on SIGHUP; standard output when absent.')
    .meta({ file: 'append' }),
});

export const Metrics = z.strictObject({
  enabled: z.boolean().default(true).describe('Prometheus metrics at `/metrics`.'),
  listen: z
    .strictObject({
      host: host.default('127.0.0.1').describe('Address of the port for metrics and health.'),
      port: port.describe('Port for metrics and health.'),
    })
    .optional()
    .describe('A port of its own for metrics and health, without TLS and tokens; on the main port when absent.'),
});
