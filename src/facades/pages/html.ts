/** Nothing but our own files; no inline script or style. What a page needs beyond that is in `more`. */
export function contentSecurityPolicy(more: { readonly img?: string; readonly font?: string }): string {
  const { img = '', font = '' } = more;
  return [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    `img-src 'self'${img}`,
    `font-src 'self'${font}`,
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
}

interface Page {
  readonly title: string;
  readonly styles: readonly string[];
  /** Run in this order, after the body is there. */
  readonly scripts: readonly string[];
  readonly body: string;
}

/** A page. Without the charset the bundle of Swagger UI renders nothing. */
export function html({ title, styles, scripts, body }: Page): string {
  return [
    '<!doctype html>',
    '<html lang="en">',
    '<head>',
    '<meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    `<title>${title}</title>`,
    '<link rel="icon" type="image/svg+xml" href="/docs/icon.svg">',
    ...styles.map((href) => `<link rel="stylesheet" href="${href}">`),
    ...scripts.map((src) => `<script defer src="${src}"></script>`),
    '</head>',
    `<body>${body}</body>`,
    '</html>',
    '',
  ].join('\n');
}
