import { ask } from './api.js';

/** What an app asks for when it sends somebody here (RFC 6749, section 4.1.1). Everything goes to the API as it came. */
const query = new URLSearchParams(location.search);
const oneOrMany = values => (values.length === 1 ? values[0] : values);
const asked = Object.fromEntries(
  [...query].filter(([, value]) => value).map(([name]) => [name, oneOrMany(query.getAll(name))]),
);

export const request = {
  isComplete: asked.client_id && (asked.response_type === 'code' || asked.request_uri),

  /** Who asks for what, and what it is to the person of the access token. */
  explain: accessToken => ask('GET', `/oauth/app-info${location.search}`, { accessToken }),

  decide: (approve, accessToken) =>
    ask('POST', '/oauth/authorize', { body: { ...asked, approve }, accessToken }),
};
