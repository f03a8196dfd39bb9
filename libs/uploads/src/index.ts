export { UploadExpired, UploadNotFound, UploadUnfinished } from './errors.ts';
export { forgetExpiredUploads } from './forget-expired-uploads.ts';
export { type Picture, pictureContent, pictureOf, receivedPicture } from './picture.ts';
export type { Received, ReceivingContext } from './receive.ts';
export { contentOf, discardUpload, type Upload } from './upload-store.ts';
export { uploadTables } from './upload-tables.ts';
export { type UploadsDeclaration, uploads } from './uploads.ts';
