package io.headrace.standalone.serve;

import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;

/** What the commands that run one service have in common: {@code --name=value} properties. */
abstract class ServiceCommand implements Callable<Integer> {
    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    @Parameters(
            paramLabel = "--NAME=VALUE",
            description =
                    "Properties of the service, such as --headrace.cluster.secret=...; the"
                            + " environment and configuration files are read as well.")
    private List<String> properties = List.of();

    private final String name;

    ServiceCommand(String name) {
        this.name = name;
    }

    abstract ServiceProcess.Service service();

    @Override
    public Integer call() throws InterruptedException {
        return new ServiceProcess(name, service())
                .run(
                        parse(properties),
                        ServiceCommand::messageOf,
                        spec.commandLine().getOut(),
                        spec.commandLine().getErr());
    }

    private Map<String, String> parse(List<String> given) {
        Map<String, String> parsed = new LinkedHashMap<>();
        for (String property : given) {
            int equals = property.indexOf('=');
            if (!property.startsWith("--") || equals < 3) {
                throw new CommandLine.ParameterException(
                        spec.commandLine(),
                        "A property is given as --name=value, not as '" + property + "'.");
            }
            parsed.put(property.substring(2, equals), property.substring(equals + 1));
        }
        return parsed;
    }

    /** The innermost message: the ones around it name beans, which an operator did not write. */
    private static String messageOf(Throwable failure) {
        Throwable shown = failure;
        while (shown.getCause() != null) {
            shown = shown.getCause();
        }
        String message = shown.getMessage();
        return message == null
                ? shown.toString()
                : message.lines().findFirst().orElse(shown.toString());
    }
}
