import bowser from 'bowser';

/** What a device is called in lists, such as `Chrome on Windows`, or a program by its name; at most 100 characters. */
export function deviceName(userAgent: string | null): string {
  const { browser, os } = bowser.parse(userAgent || 'unknown');
  const name = [browser.name, os.name].filter(Boolean).join(' on ');
  const program = /^[\w.-]+/.exec(userAgent ?? '')?.[0] ?? '';
  return (name || program).slice(0, 100) || 'Unknown device';
}
