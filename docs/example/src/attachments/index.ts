import { forgetExpiredUploads } from '@rivergate/uploads';
import { attachments } from '../../migrations/0002_attachments.ts';
import { uploadedFiles } from '../../migrations/0003_uploads.ts';
import { attachFile } from './attach-file.ts';
import { attachUpload } from './attach-upload.ts';
import { attachmentUploads } from './attachment-uploads.ts';
import { labelAttachment } from './label-attachment.ts';

export const tag = 'Attachments';
export const endpoints = [attachFile, attachUpload, labelAttachment, ...attachmentUploads.endpoints];
export const migrations = [attachments, uploadedFiles];
export const schedules = [forgetExpiredUploads];
