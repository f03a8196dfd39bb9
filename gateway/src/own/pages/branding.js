import { element } from '../docs/element.js';
import { fill } from './view.js';

let sheet;

/**
 * Shows whose page this is: name, logo and colour of an organization. The platform's name stays, and its host is said.
 *
 * @param branding as the API tells it; null for none
 * @returns when the page has the colour
 */
export async function showBranding(branding) {
  const place = document.getElementById('organization');
  place.hidden = !branding;
  sheet?.remove();
  fill({
    'brand-of': branding ? 'An organization on ' : '',
    'brand-at': branding ? ` · ${location.host}` : '',
  });
  if (!branding) return;
  const { organization_name, logo_url, accent_color } = branding;
  place.replaceChildren(...(logo_url ? [logoAt(logo_url)] : []), element('bdi', {}, organization_name));
  if (accent_color) await takeOn(accent_color);
}

/** From wherever this page is: the host may have several names. */
function logoAt(url) {
  const logo = element('img', { alt: '', src: new URL(url).pathname });
  logo.addEventListener('error', () => logo.remove());
  return logo;
}

function takeOn(color) {
  sheet = element('link', { rel: 'stylesheet', href: `/pages/accent/${color.slice(1)}.css` });
  return new Promise(resolve => {
    sheet.onload = sheet.onerror = resolve;
    document.head.append(sheet);
  });
}
