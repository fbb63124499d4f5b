package io.headrace.standalone.cluster;

import java.util.List;
import java.util.Map;

/**
 * What a process gets beside what its role needs.
 *
 * @param prefix words before the command
 * @param environment variables
 * @param jvmOptions options of a JVM
 */
public record LaunchOptions(
        List<String> prefix, Map<String, String> environment, List<String> jvmOptions) {
    public static final LaunchOptions NONE = new LaunchOptions(List.of(), Map.of(), List.of());

    public LaunchOptions {
        prefix = List.copyOf(prefix);
        environment = Map.copyOf(environment);
        jvmOptions = List.copyOf(jvmOptions);
    }
}
