export { type AlarmClock, type AlarmClockOptions, startAlarmClock } from './alarm-clock.ts';
