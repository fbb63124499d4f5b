package io.headrace.standalone.cluster;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * What a process gets beside what its role needs.
 *
 * @param prefix words before the command
 * @param environment variables
 * @param jvmOptions options of a JVM
 * @param classPath where a JVM finds the program; null for where this one found it
 */
public record LaunchOptions(
        List<String> prefix,
        Map<String, String> environment,
        List<String> jvmOptions,
        @Nullable String classPath) {
    public static final LaunchOptions NONE = new LaunchOptions(List.of(), Map.of(), List.of());

    public LaunchOptions {
        prefix = List.copyOf(prefix);
        environment = Map.copyOf(environment);
        jvmOptions = List.copyOf(jvmOptions);
    }

    /** Of the program that runs here. */
    public LaunchOptions(
            List<String> prefix, Map<String, String> environment, List<String> jvmOptions) {
        this(prefix, environment, jvmOptions, null);
    }

    /** These and others together. */
    public LaunchOptions and(LaunchOptions others) {
        List<String> allPrefix = new ArrayList<>(prefix);
        allPrefix.addAll(others.prefix());
        Map<String, String> allEnvironment = new HashMap<>(environment);
        allEnvironment.putAll(others.environment());
        List<String> allJvmOptions = new ArrayList<>(jvmOptions);
        allJvmOptions.addAll(others.jvmOptions());
        return new LaunchOptions(
                allPrefix,
                allEnvironment,
                allJvmOptions,
                classPath == null ? others.classPath() : classPath);
    }
}
