/** What tells this machine, this boot and a process on it from others; undefined where it can't be told. */
import { execFileSync } from "node:child_process";
import { readFileSync, readlinkSync } from "node:fs";

export interface Machine {
  readonly machine: string | undefined;
  /** Of the running kernel: the same in all containers on it. */
  readonly boot: string | undefined;
  /** In whose numbering a pid is meant: containers have their own. */
  readonly pidSpace: string | undefined;
}

let known: Machine | undefined;

export function thisMachine(): Machine {
  known ??= read();
  return known;
}

function read(): Machine {
  if (process.platform === "linux") {
    return {
      machine: readText("/etc/machine-id") ?? readText("/var/lib/dbus/machine-id"),
      boot: readText("/proc/sys/kernel/random/boot_id"),
      pidSpace: attempt(() => readlinkSync("/proc/self/ns/pid")),
    };
  }
  if (process.platform === "darwin") {
    const [machine, boot] = (
      run("sysctl", ["-n", "kern.uuid", "kern.bootsessionuuid"]) ?? ""
    ).split("\n");
    return { machine: machine || undefined, boot: boot || undefined, pidSpace: "all" };
  }
  if (process.platform === "win32") {
    const key = "HKLM\\SOFTWARE\\Microsoft\\Cryptography";
    const answer = run("reg", ["query", key, "/v", "MachineGuid"]);
    return { machine: answer?.split(/\s+/).at(-1), boot: undefined, pidSpace: "all" };
  }
  return { machine: undefined, boot: undefined, pidSpace: undefined };
}

/** When a process of this pid space started, in whatever the system counts; undefined when there is none. */
export function processStart(pid: number): string | undefined {
  if (process.platform === "linux") {
    // The name, in parentheses, may hold anything; after it come the state (3rd of all) and, 22nd, the start.
    const stat = readText(`/proc/${pid}/stat`);
    const fields = stat?.slice(stat.lastIndexOf(")") + 2).split(" ");
    // A zombie is dead, only not yet buried by its parent.
    return fields?.[0] === "Z" || fields?.[0] === "X" ? undefined : fields?.[19];
  }
  if (process.platform === "win32") return isAlive(pid) ? "unknown" : undefined;
  return run("ps", ["-o", "lstart=", "-p", String(pid)]) || undefined;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

function readText(path: string): string | undefined {
  return attempt(() => readFileSync(path, "utf8").trim()) || undefined;
}

function run(command: string, parameters: readonly string[]): string | undefined {
  return attempt(() =>
    execFileSync(command, parameters, {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    }).trim(),
  );
}

function attempt<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}
