const REFRESH_MS = 2000;
const part = id => document.getElementById(id);

let messages = [];
let openId;
let view = 'html';

async function refresh() {
  try {
    const response = await fetch('/dev/mailbox/messages', { cache: 'no-cache' });
    if (!response.ok) throw new Error(String(response.status));
    const fresh = (await response.json()).messages;
    const changed = fresh.length !== messages.length || fresh[0]?.id !== messages[0]?.id;
    messages = fresh;
    if (changed || !part('list').hasChildNodes()) showList();
    showStatus(true);
  } catch {
    showStatus(false);
  }
}

function showStatus(connected) {
  const text = connected ? 'Updates by itself' : 'No connection, trying again';
  if (part('status-text').textContent === text) return;
  part('status').classList.toggle('lost', !connected);
  part('status-text').textContent = text;
}

function showList() {
  const wanted = part('search').value.trim().toLowerCase();
  const found = messages.filter(({ to, from, subject }) =>
    `${to}\n${from}\n${subject}`.toLowerCase().includes(wanted),
  );
  part('list').replaceChildren(...found.map(entry));
  part('count').textContent = wanted ? `${found.length} of ${messages.length}` : String(messages.length);
  part('nothing').hidden = found.length > 0;
  part('nothing').textContent = wanted
    ? 'No message matches the search.'
    : 'No mail yet. What Rivergate sends arrives here by itself.';
}

function entry(message) {
  const button = element('button', 'message', '');
  button.type = 'button';
  button.dataset.id = message.id;
  if (message.id === openId) button.setAttribute('aria-current', 'true');
  const time = element('time', '', shortTime(message.sent_at));
  time.dateTime = message.sent_at;
  const preview = message.text.replace(/\s+/g, ' ').trim().slice(0, 140);
  button.append(
    element('span', 'to', message.to),
    time,
    element('span', 'about', message.subject || '(no subject)'),
    element('span', 'preview', preview),
  );
  button.addEventListener('click', () => open(message.id));
  const item = document.createElement('li');
  item.append(button);
  return item;
}

function open(id) {
  const message = messages.find(one => one.id === id);
  if (!message) return;
  openId = id;
  for (const button of part('list').querySelectorAll('.message')) {
    button.toggleAttribute('aria-current', false);
    if (Number(button.dataset.id) === id) button.setAttribute('aria-current', 'true');
  }
  part('unopened').hidden = true;
  part('opened').hidden = false;
  part('subject').textContent = message.subject || '(no subject)';
  part('from').textContent = message.from;
  part('to').textContent = message.to;
  part('sent').textContent = new Date(message.sent_at).toLocaleString(undefined, {
    dateStyle: 'medium',
    timeStyle: 'medium',
  });
  part('sent').dateTime = message.sent_at;
  part('text').textContent = message.text || '(no plain text)';
  // Replaced and not navigated: the frame leaves no steps in the browser's history.
  const frame = part('html').cloneNode();
  frame.src = message.html ? `/dev/mailbox/messages/${id}/html` : 'about:blank';
  part('html').replaceWith(frame);
  offerCode(message);
  part('show-html').disabled = !message.html;
  show(message.html ? view : 'text');
  part('reading').scrollTop = 0;
  if (!document.body.classList.contains('reading')) history.pushState({ reading: true }, '');
  document.body.classList.add('reading');
}

function offerCode({ text, subject }) {
  const code = /(?<![\d-])\d{6}(?![\d-])/.exec(`${subject}\n${text}`)?.[0];
  part('code').hidden = !code;
  part('code').textContent = code ? `Copy code ${code}` : '';
  part('code').dataset.code = code ?? '';
}

function prefer(which) {
  view = which;
  show(which);
}

function show(which) {
  part('html').hidden = which !== 'html';
  part('text').hidden = which !== 'text';
  part('show-html').setAttribute('aria-pressed', String(which === 'html'));
  part('show-text').setAttribute('aria-pressed', String(which === 'text'));
}

function shortTime(time) {
  const date = new Date(time);
  const isToday = date.toDateString() === new Date().toDateString();
  return isToday
    ? date.toLocaleTimeString(undefined, { hour: '2-digit', minute: '2-digit' })
    : date.toLocaleDateString(undefined, { day: 'numeric', month: 'short' });
}

function element(name, className, text) {
  const made = document.createElement(name);
  if (className) made.className = className;
  made.textContent = text;
  return made;
}

part('search').addEventListener('input', showList);
part('show-html').addEventListener('click', () => prefer('html'));
part('show-text').addEventListener('click', () => prefer('text'));
part('back').addEventListener('click', () => history.back());
addEventListener('popstate', () => document.body.classList.remove('reading'));
part('code').addEventListener('click', async ({ currentTarget: button }) => {
  await navigator.clipboard.writeText(button.dataset.code);
  button.textContent = 'Copied';
});
part('list').addEventListener('keydown', event => {
  const step = { ArrowDown: 'nextElementSibling', ArrowUp: 'previousElementSibling' }[event.key];
  const next = step && event.target.closest('li')?.[step]?.querySelector('button');
  if (!next) return;
  event.preventDefault();
  next.focus();
});

// A search can be linked to: /dev/mailbox?to=someone@example.com
part('search').value = new URLSearchParams(location.search).get('to') ?? '';
await refresh();
setInterval(() => document.hidden || refresh(), REFRESH_MS);
addEventListener('visibilitychange', () => document.hidden || refresh());
