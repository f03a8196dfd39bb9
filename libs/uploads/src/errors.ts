import { error } from '@rivergate/endpoint';

export const UploadNotFound = error('UPLOAD_NOT_FOUND', 404, 'No such upload');
export const UploadExpired = error('UPLOAD_EXPIRED', 410, 'The upload has expired; begin a new one');
export const UploadOffsetConflict = error(
  'UPLOAD_OFFSET_CONFLICT',
  409,
  'The upload has come to another offset; ask for it and go on from there',
);
export const UploadUnfinished = error('UPLOAD_UNFINISHED', 409, 'The upload has not come to its end');
export const UploadQuotaExceeded = error(
  'UPLOAD_QUOTA_EXCEEDED',
  413,
  'Too many uploads are under way; finish some, or end them',
);
export const UploadVersionNotSupported = error(
  'UPLOAD_VERSION_NOT_SUPPORTED',
  412,
  'This takes tus 1.0.0: send it as Tus-Resumable',
);
