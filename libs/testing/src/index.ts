export { admitsEverything } from './admits-everything.ts';
export {
  credentialCaller,
  httpCaller,
  type TestAnswer,
  type TestCaller,
  type TestRequest,
} from './caller.ts';
export { type TestEnvironment, testEnvironment } from './environment.ts';
export { eventually } from './eventually.ts';
export { recordExercised } from './exercised.ts';
export { expectError } from './expect-error.ts';
export { freePort } from './free-port.ts';
export { type HeldRequest, holdBack } from './held-request.ts';
export { type CaughtMail, type MailCatcher, startMailCatcher } from './mail-catcher.ts';
export { JPEG, PNG, pngOf, WEBP, webpOf } from './pictures.ts';
export { administrator, byToken, fellowService, impersonated, nobody, signedIn } from './principals.ts';
export { type PublishedEvent, publishEvent } from './publish-event.ts';
export { type ServiceUnderTest, startServiceUnderTest, type TestOptions } from './service.ts';
