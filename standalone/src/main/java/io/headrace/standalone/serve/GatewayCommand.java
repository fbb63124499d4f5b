package io.headrace.standalone.serve;

import io.headrace.gateway.GatewayApplication;

import org.springframework.context.ConfigurableApplicationContext;

import picocli.CommandLine.Command;

import java.util.Map;

/** {@code headrace gateway}: runs one gateway in this process until it is told to stop. */
@Command(
        name = "gateway",
        hidden = true,
        description = "Run a gateway in this process.",
        mixinStandardHelpOptions = true)
public final class GatewayCommand extends ServiceCommand {
    public GatewayCommand() {
        super("gateway");
    }

    @Override
    ServiceProcess.Service service() {
        return new Gateway();
    }

    private static final class Gateway implements ServiceProcess.Service {
        @Override
        public ConfigurableApplicationContext start(String[] arguments) {
            return GatewayApplication.start(Map.of(), arguments);
        }

        @Override
        public String addresses(ConfigurableApplicationContext context) {
            return "HTTP port " + GatewayApplication.httpPort(context);
        }
    }
}
