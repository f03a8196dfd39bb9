/** What to tell about an answer that is no success, where the page knows nothing better. */
export function failureWords({ status, message, retryAfter }) {
  if (status === 0) return 'The server did not answer. Check your connection, then try again.';
  if (status === 429)
    return `Too many tries. Please try again ${retryAfter ? inWords(retryAfter) : 'later'}.`;
  if (status === 503) return 'This does not work right now. Please try again in a moment.';
  if (status >= 500 || !message) return 'Something went wrong on our side. Please try again.';
  return `${message}.`;
}

/** A time to wait, rounded up so that nobody comes back too early. */
function inWords(seconds) {
  if (seconds < 60) return `in ${seconds} ${seconds === 1 ? 'second' : 'seconds'}`;
  if (seconds <= 5400) return count(Math.ceil(seconds / 60), 'minute');
  return count(Math.ceil(seconds / 3600), 'hour');
}

function count(number, unit) {
  return `in ${number} ${unit}${number === 1 ? '' : 's'}`;
}
