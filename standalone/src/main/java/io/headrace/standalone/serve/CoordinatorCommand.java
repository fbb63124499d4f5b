package io.headrace.standalone.serve;

import io.headrace.coordinator.CoordinatorApplication;
import io.headrace.coordinator.CoordinatorServer;

import org.springframework.context.ConfigurableApplicationContext;

import picocli.CommandLine.Command;

import java.util.concurrent.CompletableFuture;

/** {@code headrace coordinator}: runs one coordinator in this process until it is told to stop. */
@Command(
        name = "coordinator",
        hidden = true,
        description = "Run a coordinator in this process.",
        mixinStandardHelpOptions = true)
public final class CoordinatorCommand extends ServiceCommand {
    public CoordinatorCommand() {
        super("coordinator");
    }

    @Override
    ServiceProcess.Service service() {
        return new Coordinator();
    }

    private static final class Coordinator implements ServiceProcess.Service {
        @Override
        public ConfigurableApplicationContext start(String[] arguments) {
            return CoordinatorApplication.start(arguments);
        }

        @Override
        public String addresses(ConfigurableApplicationContext context) {
            return "node port " + ServiceProcess.port(context, "local.headrace.coordinator.port");
        }

        @Override
        public CompletableFuture<Void> failure(ConfigurableApplicationContext context) {
            return context.getBean(CoordinatorServer.class).ended();
        }
    }
}
