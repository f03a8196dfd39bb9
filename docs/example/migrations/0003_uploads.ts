import { uploadTables } from '@rivergate/uploads';

export const uploadedFiles = uploadTables('0003_uploads');
