import { here } from './here.js';

const FLOW = 'social';
const DONE = 'signed-in';

/** Keeps, in this tab alone, where a login at a provider began. @returns the state that it comes back with */
export function beginFlow(provider) {
  const state = `page.${crypto.randomUUID()}`;
  sessionStorage.setItem(FLOW, JSON.stringify({ provider, state, back: here() }));
  return state;
}

/**
 * What was kept for a state, once: a code that comes with another one was sent by somebody who would have this person
 * signed in to an account of theirs.
 */
export function takeFlow(provider, state) {
  const flow = JSON.parse(sessionStorage.getItem(FLOW));
  sessionStorage.removeItem(FLOW);
  return flow?.state === state && flow.provider === provider ? flow : undefined;
}

/** Goes back to where the login began, which then does not ask for it again. */
export function finishFlow({ back }) {
  sessionStorage.setItem(DONE, back);
  location.replace(back);
}

/** Whether somebody has just signed in elsewhere for this very address. */
export function takeFinishedFlow() {
  const back = sessionStorage.getItem(DONE);
  sessionStorage.removeItem(DONE);
  return back === here();
}
