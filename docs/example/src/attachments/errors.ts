import { error } from '@rivergate/endpoint';

export const AttachmentNotFound = error('ATTACHMENT_NOT_FOUND', 404, 'No such attachment');
