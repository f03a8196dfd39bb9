// Swagger UI has a dark style but no mind of its own about when to use it: the reader's system decides.
const dark = window.matchMedia('(prefers-color-scheme: dark)');
const dress = () => document.documentElement.classList.toggle('dark-mode', dark.matches);
dark.addEventListener('change', dress);
dress();

window.SwaggerUIBundle({
  url: '/api/v1/openapi.json',
  dom_id: '#documentation',
  deepLinking: true,
  docExpansion: 'none',
  filter: true,
  defaultModelsExpandDepth: -1,
  displayRequestDuration: true,
  tryItOutEnabled: true,
  persistAuthorization: false,
  validatorUrl: null,
  // Wherever this page was opened, it calls the gateway that served it, and sends a token nowhere else.
  requestInterceptor: request => {
    const { pathname, search } = new URL(request.url, window.location.href);
    request.url = window.location.origin + pathname + search;
    return request;
  },
  presets: [window.SwaggerUIBundle.presets.apis],
});
