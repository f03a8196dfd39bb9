const atProvider =
  'The sign-in at your organization did not work. Try again; if it stays so, tell an administrator.';
const membership = 'You are no active member of this organization any more. Ask an administrator of it.';

/** Why somebody is not signed in. Administrators read the rest in the log of the provider. */
const words = {
  INVALID_STATE: 'This sign-in took too long, or was finished already.',
  INVALID_TICKET: 'This sign-in took too long, or was finished already.',
  INVALID_CODE: 'This sign-in took too long, or was finished already.',
  PROVIDER_INACTIVE: 'Your organization does not sign people in this way any more.',
  PROVIDER_REFUSED: 'You turned back there, or were not let in.',
  PROVIDER_UNREACHABLE: 'The sign-in page of your organization does not answer right now.',
  EMAIL_MISSING: 'Your organization did not say which address you have. Tell an administrator of it.',
  DOMAIN_NOT_SERVED: 'Your address is none of those that sign in this way. Ask an administrator.',
  DOMAIN_NOT_VERIFIED:
    'Your organization has to verify the domain of your address first. Tell an administrator.',
  EMAIL_DOMAIN_NOT_ALLOWED:
    'Your organization lets in no members with such an address. Ask an administrator.',
  PLAN_LIMIT_EXCEEDED: 'Your organization has no seat left. Ask an administrator of it.',
  FORMER_MEMBER: membership,
  MEMBERSHIP_SUSPENDED: membership,
  MEMBERSHIP_NOT_ACTIVE: membership,
  ACCOUNT_DISABLED: 'This account is suspended. Ask whoever administers it.',
  TRY_AGAIN: 'This does not work right now. Please try again in a moment.',
};

export const ssoWords = reason => words[reason] ?? atProvider;

const left = {
  everywhere: 'Here, and at your organization.',
  partly:
    'You are signed out here. Your organization could not sign you out everywhere: close this browser, above all if others use it, too.',
};

/** Where somebody is signed out. */
export const leftWords = where =>
  left[where] ??
  'You are signed out here. Your organization did not say that you are signed out there, too: close this browser, above all if others use it, too.';
