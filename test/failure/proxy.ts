/** A way to a server, on the loopback, that breaks when a test says. */
import { connect, createServer, type Socket } from "node:net";

export interface Proxy {
  /** The same database, by this way. */
  readonly location: string;
  /** Breaks all connections after that many more bytes have gone to the server. */
  breakAfter(bytes: number): void;
  close(): Promise<void>;
}

export async function openProxy(location: string): Promise<Proxy> {
  const target = new URL(location);
  const sockets = new Set<Socket>();
  let left = Infinity;
  const breakAll = (): void => {
    for (const socket of sockets) socket.destroy();
    left = Infinity;
  };
  const server = createServer((near) => {
    const far = connect(Number(target.port), target.hostname);
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on("error", () => {});
      socket.on("close", () => sockets.delete(socket));
    }
    near.on("close", () => far.destroy());
    far.on("close", () => near.destroy());
    far.pipe(near);
    near.on("data", (chunk: Buffer) => {
      // A part of a message still arrives, as it may when a cable is pulled.
      far.write(chunk.subarray(0, left));
      left -= chunk.length;
      if (left <= 0) breakAll();
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  const address = server.address();
  target.host = `127.0.0.1:${typeof address === "object" ? address?.port : 0}`;
  return {
    location: target.toString(),
    breakAfter: (bytes) => {
      left = bytes;
    },
    close: async () => {
      breakAll();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
