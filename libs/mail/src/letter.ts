/** A mail's content before it is dressed: the same words in both versions. */
export interface Letter {
  heading: string;
  /** Plain text, a paragraph each. Markup in it is shown, not obeyed. */
  paragraphs: string[];
  /** Shown large, to be typed. */
  code?: string;
  /** The one thing to do. */
  action?: { label: string; url: string };
  /** Small print. */
  footer?: string;
}

export function escapeHtml(text: string): string {
  const entities: Record<string, string> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
    "'": '&#39;',
  };
  return text.replace(/[&<>"']/g, character => entities[character]!);
}

/** The plain and the HTML version of a letter, in the one style that all mails of the platform have. */
export function letter({ heading, paragraphs, code, action, footer }: Letter): {
  text: string;
  html: string;
} {
  const text = [
    heading,
    ...paragraphs,
    code,
    action && `${action.label}:\n${action.url}`,
    footer && `--\n${footer}`,
  ]
    .filter(Boolean)
    .join('\n\n');
  const html = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark"><title>${escapeHtml(heading)}</title>
<style>@media (prefers-color-scheme: dark) { .page { background: #14171a !important; } .card { background: #1d2226 !important; color: #e6e9eb !important; } .code { background: #2a3036 !important; color: #fff !important; } .small { color: #98a2a9 !important; } }</style>
</head><body class="page" style="margin:0;padding:32px 16px;background:#f3f5f7;font-family:-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif">
<div class="card" style="max-width:480px;margin:0 auto;padding:32px;background:#fff;color:#1b2126;border-radius:12px;font-size:16px;line-height:1.5">
<p style="margin:0 0 24px;font-size:14px;font-weight:600;letter-spacing:.02em;color:#0b7a75">Rivergate</p>
<h1 style="margin:0 0 16px;font-size:22px;line-height:1.3">${escapeHtml(heading)}</h1>
${paragraphs.map(paragraph => `<p style="margin:0 0 16px;white-space:pre-line">${escapeHtml(paragraph)}</p>`).join('\n')}
${code ? `<p class="code" style="margin:0 0 16px;padding:16px;background:#eef2f4;border-radius:8px;font:600 28px/1.2 ui-monospace,Menlo,Consolas,monospace;letter-spacing:.25em;text-align:center">${escapeHtml(code)}</p>` : ''}
${action ? `<p style="margin:24px 0"><a href="${escapeHtml(action.url)}" style="display:inline-block;padding:12px 20px;background:#0b7a75;color:#fff;text-decoration:none;border-radius:8px;font-weight:600">${escapeHtml(action.label)}</a></p>` : ''}
${footer ? `<p class="small" style="margin:24px 0 0;font-size:13px;color:#66727a">${escapeHtml(footer)}</p>` : ''}
</div></body></html>`;
  return { text, html };
}
