/** What members are told, each at most once in 24 hours. */
export const NOTIFICATIONS = ['mfa_setup', 'sso_migration', 'enforcement_warning'] as const;
export const REMINDERS = ['send_mfa_reminders', 'send_sso_reminders'] as const;
export type NoticeKind = (typeof NOTIFICATIONS)[number] | (typeof REMINDERS)[number];
