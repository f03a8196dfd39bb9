import { spawn } from 'node:child_process';

// A few lines of shell, because they must outlive a launcher that was killed with -9 and should take no memory until
// then. Each line on the pipe is `+ pid SIGNAL` or `- pid`; the end of the pipe is the end of the launcher.
// What stops by TERM goes first; what does not (PostgreSQL, by INT) when nobody uses it any more.
const SCRIPT = `
trap '' INT TERM HUP
list=''
while read -r sign pid signal; do
  kept=''
  for entry in $list; do [ "\${entry%%:*}" = "$pid" ] || kept="$kept $entry"; done
  list="$kept"
  [ "$sign" = + ] && list="$list $pid:$signal"
done
# In a container nobody may reap what is dead, so a zombie counts as dead.
alive() {
  kill -0 "$1" 2>/dev/null || return 1
  stat=''
  [ -r "/proc/$1/stat" ] && read -r stat 2>/dev/null < "/proc/$1/stat"
  case "$stat" in *') Z '*) return 1 ;; esac
}
any_alive() {
  for entry in $list; do
    case "$entry" in *:$1) alive "\${entry%%:*}" && return 0 ;; esac
  done
  return 1
}
stop_all() {
  for entry in $list; do
    case "$entry" in *:$1) kill -s "\${2:-\${entry#*:}}" "\${entry%%:*}" 2>/dev/null ;; esac
  done
  tries=0
  while any_alive "$1" && [ $tries -lt 50 ]; do sleep 0.1; tries=$((tries + 1)); done
}
stop_all TERM
stop_all TERM KILL
stop_all '*'
stop_all '*' KILL
`;

export type Guard = {
  watch(pid: number, stopSignal: NodeJS.Signals): void;
  forget(pid: number): void;
  close(): Promise<void>;
};

/** Stops the launcher's processes when the launcher is gone without having stopped them itself. */
export function startGuard(): Guard {
  const shell = spawn('sh', ['-c', SCRIPT, 'rivergate-guard'], {
    stdio: ['pipe', 'ignore', 'ignore'],
    // A session of its own: Ctrl-C in the terminal is for the launcher to handle.
    detached: true,
    cwd: '/',
    env: { PATH: process.env.PATH },
  });
  const ended = new Promise<void>(resolve => shell.once('close', () => resolve()));
  shell.stdin.on('error', () => {});
  const tell = (line: string) => shell.stdin.writable && shell.stdin.write(`${line}\n`);
  return {
    watch: (pid, stopSignal) => void tell(`+ ${pid} ${stopSignal.replace('SIG', '')}`),
    forget: pid => void tell(`- ${pid}`),
    async close() {
      shell.stdin.end();
      await ended;
    },
  };
}
