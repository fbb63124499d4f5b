package io.headrace.standalone.serve;

import io.headrace.storage.StorageApplication;

import org.springframework.context.ConfigurableApplicationContext;

import picocli.CommandLine.Command;

/** {@code headrace storage}: runs one storage node in this process until it is told to stop. */
@Command(
        name = "storage",
        hidden = true,
        description = "Run a storage node in this process.",
        mixinStandardHelpOptions = true)
public final class StorageCommand extends ServiceCommand {
    public StorageCommand() {
        super("storage");
    }

    @Override
    ServiceProcess.Service service() {
        return new Storage();
    }

    private static final class Storage implements ServiceProcess.Service {
        @Override
        public ConfigurableApplicationContext start(String[] arguments) {
            return StorageApplication.start(arguments);
        }

        @Override
        public String addresses(ConfigurableApplicationContext context) {
            return "Kafka port " + ServiceProcess.port(context, "local.headrace.storage.port");
        }
    }
}
