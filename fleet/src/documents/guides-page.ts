import { GUIDES, guidesFor, VENDORS } from '@rivergate/service-sso/guides';

const INTRODUCTION = `# Setting identity providers up, vendor by vendor

Made from the declarations in \`services/sso/src/guides\` by \`npm run docs\`; do not edit this page by hand.
[Signing in at your identity provider](sso.md) says how it all hangs together, [provisioning by SCIM](scim.md) what that does.

\`GET /api/v1/sso/providers/{id}/guide?vendor=…\` answers the same steps with the values of your provider. Here
\`https://rivergate.example.com\` is the platform and \`1\` the id of the provider, and the names of attributes are those of the
\`attribute_mapping\` that each guide gives. Where a guide says *here*, it is a field of the provider in
\`POST\` or \`PUT /api/v1/sso/providers\`. What Keycloak needs has been tried: \`npm test -- --with keycloak\` signs people in at
one. The other consoles are described by what is published about them, nobody having signed in there for this page, and may have changed.
`;

const PLATFORM = 'https://rivergate.example.com';

type Guides = ReturnType<typeof guidesFor>;
type Step = NonNullable<Guides['provisioning']>['steps'][number];

/** The page `docs/sso-guides.md`: each guide, filled in for a provider that has the mapping which suits it. */
export function guidesPage(): string {
  const sections = VENDORS.flatMap(vendor => {
    const { name, saml, oidc, scim } = GUIDES[vendor];
    const ofType = (provider_type: 'saml' | 'oidc', attribute_mapping = {}) =>
      guidesFor(vendor, { id: 1, provider_type, attribute_mapping }, PLATFORM);
    return [
      '',
      `## ${name}`,
      ...(oidc ? signInSection(ofType('oidc', oidc.mapping).signIn) : []),
      ...(saml ? signInSection(ofType('saml', saml.mapping).signIn) : []),
      ...(scim ? section(ofType('saml').provisioning) : []),
    ];
  });
  return `${[INTRODUCTION.trimEnd(), ...sections].join('\n')}\n`;
}

function signInSection(guide: Guides['signIn']): string[] {
  const mapping = JSON.stringify(guide?.attribute_mapping, null, 1).replace(/\n\s*/g, ' ');
  return [...section(guide), '', `What suits it here: \`"attribute_mapping": ${mapping}\`.`];
}

const section = (guide: Guides['provisioning']): string[] =>
  guide ? ['', `### ${guide.title}`, '', ...guide.steps.map(item)] : [];

const item = ({ text, fields, settings }: Step, index: number): string =>
  [
    `${index + 1}. ${text}`,
    ...fields.map(
      ({ label, name, value }) => `   - ${label}: ${name === null ? `*${value}*` : `\`${value}\``}`,
    ),
    ...settings.map(({ name, source }) => `   - here, \`${name}\`: ${source}`),
  ].join('\n');
