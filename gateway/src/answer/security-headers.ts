import type { IncomingMessage, ServerResponse } from 'node:http';
import helmet, { type HelmetOptions } from 'helmet';
import { type HeaderLine, headerLine } from './header-line.ts';

/**
 * The headers that helmet would set, worked out once: they are the same for every answer, so that no request pays
 * for them. Strict-Transport-Security only where the platform is reached by https.
 */
export function securityHeaders(
  publicUrl: string,
  directives: Record<string, readonly string[]> = {
    'default-src': ["'none'"],
    'frame-ancestors': ["'none'"],
  },
): readonly HeaderLine[] {
  const options: HelmetOptions = {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: Object.fromEntries(
        Object.entries(directives).map(([name, sources]) => [name, [...sources]]),
      ),
    },
    strictTransportSecurity: publicUrl.startsWith('https:') ? { maxAge: 31_536_000 } : false,
  };
  const lines: HeaderLine[] = [];
  const recorder = {
    setHeader: (name: string, value: string) => lines.push(headerLine(name, String(value))),
    removeHeader: () => {},
  };
  helmet(options)({} as IncomingMessage, recorder as unknown as ServerResponse, () => {});
  return lines;
}
