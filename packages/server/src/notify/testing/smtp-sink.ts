import { once } from "node:events";
import { createServer, type AddressInfo, type Socket } from "node:net";
import { onTestFinished } from "vitest";

/** A mail as the sink took it. */
export interface TakenMail {
  readonly from: string;
  readonly to: readonly string[];
  readonly data: string;
}

export interface SmtpSink {
  readonly port: number;
  readonly mails: TakenMail[];
  /** Commands as they came. */
  readonly said: string[];
  /** Answers a command in place of the sink: `451 later`; undefined: as usual. */
  refuse: (command: string) => string | undefined;
}

/** A mail server that takes everything, without TLS, on a port of its own; it ends with the test. */
export async function startSmtpSink(): Promise<SmtpSink> {
  const sink = { mails: [] as TakenMail[], said: [] as string[], refuse: (_: string): string | undefined => undefined };
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    serve(socket, sink);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return Object.assign(sink, { port: (server.address() as AddressInfo).port });
}

function serve(socket: Socket, sink: Omit<SmtpSink, "port">): void {
  let buffer = "";
  let mail = { from: "", to: [] as string[] };
  let data: string | undefined;
  const say = (line: string): void => void socket.write(`${line}\r\n`);
  const obey = (line: string): void => {
    sink.said.push(line);
    const refusal = sink.refuse(line);
    if (refusal !== undefined) return say(refusal);
    const command = line.slice(0, 4).toUpperCase();
    if (command === "EHLO") return say("250 sink.example");
    if (command === "MAIL") mail = { from: address(line), to: [] };
    if (command === "RCPT") mail.to.push(address(line));
    if (command === "DATA") {
      data = "";
      return say("354 go on");
    }
    if (command === "QUIT") return void socket.end("221 bye\r\n");
    say(command === "MAIL" || command === "RCPT" ? "250 ok" : "502 not here");
  };
  socket.on("error", () => undefined);
  socket.on("data", (chunk) => {
    buffer += String(chunk);
    for (let end = buffer.indexOf("\r\n"); end >= 0; end = buffer.indexOf("\r\n")) {
      const line = buffer.slice(0, end);
      buffer = buffer.slice(end + 2);
      if (data === undefined) obey(line);
      else if (line !== ".") data += `${line}\n`;
      else {
        sink.mails.push({ ...mail, data });
        data = undefined;
        say("250 taken");
      }
    }
  });
  say("220 sink.example ESMTP");
}

const address = (line: string): string => /<([^>]*)>/.exec(line)?.[1] ?? "";
