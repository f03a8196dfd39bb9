import { ofMember } from '@rivergate/service';

export const personalData = [
  ofMember('memberships', [
    'organization_id',
    'status',
    'is_admin',
    'source',
    'display_name',
    'profile_image_url',
    'joined_at',
    'status_updated_at',
    'updated_at',
  ]),
];
