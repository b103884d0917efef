/** A socket that answers for as long as the process that opened it lives, however that ends. */
import { createHash, randomBytes } from "node:crypto";
import { rmSync } from "node:fs";
import { connect, createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** `refused`: nobody listens there any more; `gone`: there is no such socket (here). */
export type SocketState = "answers" | "refused" | "gone" | "unknown";

/** The system's limit is 104 to 108 bytes; Linux ends the path with a zero. */
const socketPathBytesMax = 100;
const connectMilliseconds = 2000;

export interface LiveSocket {
  readonly path: string;
  close(): Promise<void>;
  /** For the last moment of the process. */
  removeNow(): void;
}

export async function openLiveSocket(directory: string): Promise<LiveSocket> {
  let failure: unknown;
  for (const path of socketPaths(directory)) {
    try {
      return await listen(path);
    } catch (error) {
      failure = error; // some mounted file systems hold no sockets: try the next place
    }
  }
  throw failure;
}

/** Beside the data if it may be: there, and not in a temporary directory, other containers find it too. */
function socketPaths(directory: string): string[] {
  const id = randomBytes(6).toString("hex");
  if (process.platform === "win32") return [`\\\\.\\pipe\\lotbook-${id}`];
  const beside = join(directory, `lock-${id}.socket`);
  const name = createHash("sha256").update(beside).digest("hex").slice(0, 24);
  const elsewhere = [join(tmpdir(), `lotbook-${name}.socket`), `/tmp/lotbook-${name}.socket`];
  return [beside, ...elsewhere].filter((path) => Buffer.byteLength(path) <= socketPathBytesMax);
}

async function listen(path: string): Promise<LiveSocket> {
  const server = createServer((socket) => socket.end());
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen({ path, readableAll: true, writableAll: true }, () => resolve());
  });
  server.removeAllListeners("error");
  server.unref();
  return {
    path,
    close: () => closeServer(server),
    removeNow: () => {
      if (process.platform !== "win32") rmSync(path, { force: true });
    },
  };
}

async function closeServer(server: Server): Promise<void> {
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
  });
}

export async function askSocket(path: string): Promise<SocketState> {
  return await new Promise((resolve) => {
    const socket = connect({ path });
    const done = (state: SocketState): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(state);
    };
    const timer = setTimeout(() => done("unknown"), connectMilliseconds);
    socket.once("connect", () => done("answers"));
    socket.once("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "ECONNREFUSED") done("refused");
      else if (error.code === "ENOENT" || error.code === "ENOTSOCK") done("gone");
      // A queue that is full belongs to someone who listens, but has no time.
      else if (error.code === "EAGAIN") done("answers");
      else done("unknown");
    });
  });
}
