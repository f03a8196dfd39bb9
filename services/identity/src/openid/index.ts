import { ofUser } from '@rivergate/service';
import { openid } from '../../migrations/0028_openid.ts';
import { oauthConsents } from '../../migrations/0029_oauth_consents.ts';
import { endSession } from './end-session.ts';
import { userinfo, userinfoByPost } from './userinfo.ts';

export const tag = 'OpenID';
export const endpoints = [userinfo, userinfoByPost, endSession];
export const migrations = [openid, oauthConsents];
export const personalData = [ofUser('oauth_consents', ['application_id', 'scopes'])];
