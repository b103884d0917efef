#!/usr/bin/env node
/** The command line. Each command is in a file of its own, loaded when it is the one that runs. */
import { Command, Option } from "commander";
import about from "../../package.json" with { type: "json" };
import { commands } from "./commands.ts";
import { describeFailure } from "./failure.ts";
import { messageForTerminal } from "./print/escape.ts";
import { formats, Session } from "./session.ts";

const afterHelp = `
Results go to stdout, messages and progress to stderr. Exit status: 0 done; 1 finished, and something new
needs a person; 2 bad input or usage, nothing recorded; 3 the environment; 4 a fault of lotbook.`;

function makeProgram(): { program: Command; session: Session } {
  const program = new Command("lotbook");
  const session = new Session(program);
  program
    .description(about.description)
    .usage("<command> [options]")
    .helpOption("-h, --help", "show help")
    .helpCommand("help [command]", "show a command's help")
    .configureHelp({ showGlobalOptions: true })
    .showHelpAfterError("(lotbook <command> --help tells more)")
    .exitOverride()
    .option(
      "--db <place>",
      "directory of the embedded database, or a postgres:// URL (default: LOTBOOK_DB, ./lotbook-data)",
    )
    .addOption(
      new Option("--format <format>", "how results are printed").choices(formats).default("table"),
    )
    .addHelpText("after", afterHelp);
  for (const { name, summary } of commands)
    program.command(name).summary(summary).description(summary).usage("[options]");
  program.hook("preSubcommand", async (_program, command) => {
    const entry = commands.find(({ name }) => name === command.name());
    if (entry !== undefined) (await entry.load()).define(command, session);
  });
  return { program, session };
}

async function run(argv: readonly string[]): Promise<number> {
  // No option of the program: `report --version 2` names a version of the conclusions.
  if (argv.length === 1 && (argv[0] === "--version" || argv[0] === "-V")) {
    process.stdout.write(`${about.version}\n`);
    return 0;
  }
  const { program, session } = makeProgram();
  try {
    // `help report` as `report --help`: only a command that runs is loaded, and so knows its options.
    const [first, ...rest] = argv;
    const asked = first === "help" && rest.length > 0 ? [...rest, "--help"] : argv;
    await program.parseAsync(asked, { from: "user" });
    await session.output.flush();
    return session.status;
  } catch (error) {
    session.progress.clear();
    const { status, message } = describeFailure(error, process.env);
    // What was printed before the failure belongs before its message.
    await session.output.flush().catch(() => {});
    if (message !== "") process.stderr.write(`${messageForTerminal(message)}\n`);
    return status;
  }
}

process.exitCode = await run(process.argv.slice(2));
