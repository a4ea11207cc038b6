/** The token of an `Authorization` header (RFC 6750 2.1); undefined when there is no header, empty for another scheme. */
export function bearerIn(authorization: string | undefined): string | undefined {
  if (authorization === undefined) return undefined;
  return /^bearer /i.test(authorization) ? authorization.slice(7).trim() : '';
}
