/** One run of the command line. Each command is in a file of its own, loaded when it is the one that runs. */
import { Command, CommanderError, Option } from "commander";
import about from "../../package.json" with { type: "json" };
import { commands } from "./commands.ts";
import { describeFailure } from "./failure.ts";
import { ReaderGone } from "./output.ts";
import { messageForTerminal } from "./print/escape.ts";
import { formats, Session } from "./session.ts";
import type { Surroundings } from "./surroundings.ts";

const afterHelp = `
Results go to stdout, messages and progress to stderr. Exit status: 0 done; 1 finished, and something new
needs a person; 2 bad input or usage, nothing recorded; 3 the environment; 4 a fault of lotbook.`;

function makeProgram(surroundings: Surroundings): { program: Command; session: Session } {
  const program = new Command("lotbook");
  const session = new Session(program, surroundings);
  program
    .configureOutput({
      writeOut: (text) => session.output.add(text),
      writeErr: (text) => surroundings.stderr.write(messageForTerminal(text)),
    })
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

/** Runs a command to its end; gives the exit status. */
export async function run(argv: readonly string[], surroundings: Surroundings): Promise<number> {
  const { program, session } = makeProgram(surroundings);
  try {
    // No option of the program: `report --version 2` names a version of the conclusions.
    if (argv.length === 1 && (argv[0] === "--version" || argv[0] === "-V")) {
      await session.output.write(`${about.version}\n`);
    } else {
      // `help report` as `report --help`: only a command that runs is loaded, and so knows its options.
      const [first, ...rest] = argv;
      const asked = first === "help" && rest.length > 0 ? [...rest, "--help"] : argv;
      await program.parseAsync(asked, { from: "user" });
    }
    await session.output.flush();
    return session.status;
  } catch (error) {
    return end(session, error);
  }
}

async function end(session: Session, error: unknown): Promise<number> {
  const { stderr, environment } = session.surroundings;
  session.progress.clear();
  // What was printed before the failure belongs before its message. Help that was asked for comes here, too.
  const unwritten = await session.output.flush().then(
    () => undefined,
    (failure: unknown) => failure,
  );
  const isHelp = error instanceof CommanderError && error.exitCode === 0;
  const reason = isHelp && unwritten !== undefined ? unwritten : error;
  // Nobody reads on, which is no failure; what is known of the ledger holds.
  if (reason instanceof ReaderGone) return session.status;
  const { status, message } = describeFailure(reason, environment);
  if (message !== "") stderr.write(`${message}\n`);
  return status;
}
