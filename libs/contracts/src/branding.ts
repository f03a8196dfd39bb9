import { publicPath } from '@rivergate/endpoint';
import { z } from 'zod';

/** How an organization shows itself on the pages where people sign in. */
export const Branding = z
  .object({
    organization_name: z.string().meta({ examples: ['Analytical Engines'] }),
    accent_color: z
      .string()
      .nullable()
      .meta({
        description: 'As it was chosen; pages make it darker or lighter until it can be read',
        examples: ['#0b7a75'],
      }),
    logo_url: z
      .string()
      .nullable()
      .meta({
        description: 'Public; another logo has another address',
        examples: ['https://id.example.com/api/v1/branding/logos/Yc0kq1vZ8nG2hJ5rT7wXbA'],
      }),
  })
  .meta({ id: 'Branding' });

/** What of it is kept; null is nothing. */
export interface KeptBranding {
  /** `#` and six hexadecimal digits, in lower case. */
  accent_color: string | null;
  /** Random, so that nobody finds organizations by trying. */
  logo_id: string | null;
}

/** Where logos are served. */
export const logoPath = '/branding/logos/:logo_id';

/** @param publicUrl address of the platform */
export function brandingOf(
  organizationName: string,
  { accent_color, logo_id }: KeptBranding,
  publicUrl: string,
): z.infer<typeof Branding> {
  const logo_url = logo_id && publicUrl + publicPath({ path: logoPath }).replace(':logo_id', logo_id);
  return { organization_name: organizationName, accent_color, logo_url };
}

/** The same where somebody is shown it; null for an organization that shows nothing of its own. */
export function shownBranding(...[name, kept, publicUrl]: Parameters<typeof brandingOf>) {
  const isSet = kept.accent_color !== null || kept.logo_id !== null;
  return isSet ? brandingOf(name, kept, publicUrl) : null;
}
