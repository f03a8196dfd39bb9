import { describe, expect, it } from 'vitest';
import { invitationMail } from './invitation-mail.ts';

const facts = {
  email: 'guest@example.com',
  organizationName: 'Acme',
  workspaceName: 'Main Workspace',
  roleName: 'Viewer',
  inviterName: 'Ada',
  message: null,
  token: 'the-token',
  expiresAt: new Date('2026-01-08T09:30:00Z'),
  appUrl: 'http://localhost:8080',
};

describe('the mail of an invitation', () => {
  it('holds the link with the token, and until when it counts', () => {
    const mail = invitationMail(facts);
    expect(mail.to).toBe('guest@example.com');
    expect(mail.text).toContain('http://localhost:8080/invitations/the-token');
    expect(mail.html).toContain('href="http://localhost:8080/invitations/the-token"');
    expect(mail.text).toContain('2026-01-08 09:30 UTC');
  });

  it('lets no name write a header', () => {
    const mail = invitationMail({
      ...facts,
      inviterName: 'Eve\r\nBcc: all@example.com',
      organizationName: 'A\u2028B',
    });
    expect(mail.subject).toBe('Eve Bcc: all@example.com invites you to A B');
  });

  it('shows markup instead of obeying it', () => {
    const evil = '<img src=x onerror=alert(1)>';
    const mail = invitationMail({
      ...facts,
      organizationName: evil,
      message: `</p><script>${evil}</script>`,
    });
    expect(mail.html).not.toContain('<img');
    expect(mail.html).not.toContain('<script');
    expect(mail.text).toContain(evil);
  });

  it('shows no direction marks that would turn a name around', () => {
    expect(invitationMail({ ...facts, organizationName: 'Acme\u202Emoc.live' }).subject).toContain(
      'Acme moc.live',
    );
  });
});
