const words = {
  openid: 'know who you are',
  profile: 'see your name and picture',
  email: 'see your email address',
  read: 'see what you can see in the organization',
  write: 'create, change and delete what you can',
  admin: 'do what you can as an administrator',
  offline_access: 'go on when you have signed out',
};

/** Lists in words what an app asks for. */
export function showScopes(scopes) {
  document.getElementById('scopes').replaceChildren(
    ...Object.keys(words)
      .filter(scope => scopes.includes(scope))
      .map(scope => {
        const item = document.createElement('li');
        item.textContent = words[scope];
        return item;
      }),
  );
}
