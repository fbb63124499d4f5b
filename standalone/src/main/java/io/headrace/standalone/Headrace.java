package io.headrace.standalone;

import io.headrace.client.error.HeadraceException;
import io.headrace.standalone.bench.BenchCommand;
import io.headrace.standalone.chaos.ChaosCommand;
import io.headrace.standalone.cluster.ClusterCommand;
import io.headrace.standalone.command.ConsumeCommand;
import io.headrace.standalone.command.GroupCommand;
import io.headrace.standalone.command.ProduceCommand;
import io.headrace.standalone.command.TopicCommand;
import io.headrace.standalone.metadata.MetadataCommand;
import io.headrace.standalone.serve.CoordinatorCommand;
import io.headrace.standalone.serve.GatewayCommand;
import io.headrace.standalone.serve.StorageCommand;
import io.headrace.standalone.up.UpCommand;

import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Help.Ansi;

import java.util.List;
import java.util.Objects;

/** The program {@code headrace}: one command with subcommands. */
@Command(
        name = "headrace",
        description = {
            "Publish, store and subscribe to streams of records.",
            "",
            "Start everything with 'headrace up'; then try 'headrace topic', 'produce' and"
                    + " 'consume' from another terminal, or any Kafka client."
        },
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        synopsisSubcommandLabel = "COMMAND",
        usageHelpAutoWidth = true,
        footer = {"", "'headrace COMMAND --help' explains a command."})
public final class Headrace {
    /** In the order in which they are explained. */
    private static final List<Class<?>> COMMANDS =
            List.of(
                    UpCommand.class,
                    TopicCommand.class,
                    ProduceCommand.class,
                    ConsumeCommand.class,
                    GroupCommand.class,
                    ClusterCommand.class,
                    ChaosCommand.class,
                    MetadataCommand.class,
                    BenchCommand.class,
                    StorageCommand.class,
                    CoordinatorCommand.class,
                    GatewayCommand.class);

    private Headrace() {}

    public static void main(String[] arguments) {
        System.exit(run(arguments));
    }

    /** Runs a command line and answers its exit code: 0 done, 1 failed, 2 wrong usage. */
    public static int run(String... arguments) {
        CommandLine program = new CommandLine(new Headrace());
        addCommands(program, arguments.length == 0 ? "" : arguments[0]);
        program.setCaseInsensitiveEnumValuesAllowed(true);
        program.setExecutionExceptionHandler(
                (failure, command, parsed) -> {
                    String message = Failure.messageOf(failure);
                    command.getErr().println(Ansi.AUTO.string("@|bold,red error:|@ ") + message);
                    return 1;
                });
        program.setParameterExceptionHandler(
                (failure, given) -> {
                    CommandLine command = failure.getCommandLine();
                    command.getErr().println(failure.getMessage());
                    if (!CommandLine.UnmatchedArgumentException.printSuggestions(
                            failure, command.getErr())) {
                        command.getErr()
                                .println(
                                        "Try '"
                                                + command.getCommandSpec().qualifiedName()
                                                + " --help'.");
                    }
                    return 2;
                });
        for (String service : List.of("storage", "coordinator", "gateway", "bench")) {
            CommandLine known = program.getSubcommands().get(service);
            if (known != null) {
                known.setUnmatchedOptionsArePositionalParams(true);
            }
        }
        int exit = program.execute(arguments);
        if (arguments.length == 0) {
            program.usage(program.getOut());
        }
        return exit;
    }

    /** The wanted command alone if there is one of that name: to read them all takes its time. */
    private static void addCommands(CommandLine program, String wanted) {
        for (Class<?> command : COMMANDS) {
            if (wanted.equals(nameOf(command))) {
                program.addSubcommand(command);
                return;
            }
        }
        COMMANDS.forEach(program::addSubcommand);
    }

    private static String nameOf(Class<?> command) {
        return Objects.requireNonNull(command.getAnnotation(Command.class)).name();
    }

    /** Turns failures into one line. */
    static final class Failure {
        private Failure() {}

        static String messageOf(Throwable failure) {
            Throwable shown = failure;
            while (!(shown instanceof HeadraceException)
                    && shown.getCause() != null
                    && (shown.getMessage() == null || isWrapper(shown))) {
                shown = shown.getCause();
            }
            String message = shown.getMessage();
            return message == null ? shown.getClass().getSimpleName() : message;
        }

        private static boolean isWrapper(Throwable failure) {
            return failure.getCause() != null
                    && failure.getMessage() != null
                    && failure.getMessage().equals(failure.getCause().toString());
        }
    }
}
